//! Where boxes and arrows lie: a layered layout of a compound graph.
//!
//! An arrow must end at a leaf for the layout, so an arrow to a composite state ends at the state
//! entered first inside it. Arrows between the same two boxes are joined into one, their words
//! under each other.
//!
//! **Invariant:** positions are rounded to tenths, so that the bytes do not depend on the machine.

use std::collections::BTreeMap;

use chart::definition::{Chart, Kind, StateIx};
use dugong::graphlib::{Graph, GraphOptions};
use dugong::{EdgeLabel, GraphLabel, LabelPos, NodeLabel, RankDir};

use super::{DrawError, Options};

/// The mean width of a character at the font size of the boxes.
const CHARACTER_PX: f64 = 7.4;
/// The width at which words are broken.
const LINE_CHARACTERS: usize = 24;
/// The height of a line.
pub(super) const LINE_PX: f64 = 17.0;
/// Room for the title of a composite state.
pub(super) const TITLE_PX: f64 = 30.0;
const PADDING_PX: f64 = 14.0;

/// A placed box.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) state: StateIx,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) lines: Vec<String>,
    pub(super) composite: bool,
}

/// A placed arrow.
#[derive(Debug, Clone)]
pub(super) struct Arrow {
    pub(super) points: Vec<(f64, f64)>,
    pub(super) words: Vec<String>,
    pub(super) at: Option<(f64, f64)>,
    pub(super) automatic: bool,
}

/// A laid-out chart.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) boxes: Vec<Placed>,
    pub(super) arrows: Vec<Arrow>,
}

type Drawing = Graph<NodeLabel, EdgeLabel, GraphLabel>;
/// The words of an arrow, whether no person sends any of its events, and the boxes it leads from
/// and to, which may lie around the leaves it is laid out between.
type Words = (Vec<String>, bool, (StateIx, StateIx));

impl Picture {
    /// Widens the picture until every box and point lies inside it.
    fn enclose(&mut self) {
        let margin = 16.0;
        let points = self.arrows.iter().flat_map(|arrow| arrow.points.iter().copied());
        let corners = self.boxes.iter().flat_map(|placed| {
            [(placed.x, placed.y), (placed.x + placed.width, placed.y + placed.height)]
        });
        let all: Vec<(f64, f64)> = points.chain(corners).collect();
        let low = |of: fn(&(f64, f64)) -> f64| all.iter().map(of).fold(f64::MAX, f64::min) - margin;
        let high = |of: fn(&(f64, f64)) -> f64| all.iter().map(of).fold(0.0, f64::max) + margin;
        (self.left, self.top) = (low(|point| point.0).floor(), low(|point| point.1).floor());
        self.width = (high(|point| point.0) - self.left).ceil();
        self.height = (high(|point| point.1) - self.top).ceil();
    }
}

pub(super) fn layout(chart: &Chart, options: &Options) -> Result<Picture, DrawError> {
    let mut graph: Drawing =
        Graph::new(GraphOptions { multigraph: true, compound: true, ..GraphOptions::default() });
    graph.set_graph(GraphLabel {
        rankdir: if options.across { RankDir::LR } else { RankDir::TB },
        nodesep: 36.0,
        ranksep: 34.0,
        edgesep: 18.0,
        marginx: 24.0,
        marginy: 24.0,
        ..GraphLabel::default()
    });
    graph.set_default_edge_label(EdgeLabel::default);
    let shown = shown(chart, options);
    for &state in &shown {
        let lines = wrap(title(chart, state, &options.lang), LINE_CHARACTERS);
        let composite = is_composite(chart, state, &shown);
        let (width, height) = if composite { (0.0, 0.0) } else { size(chart, state, &lines) };
        graph.set_node(key(state), NodeLabel { width, height, ..NodeLabel::default() });
        if let Some(parent) = chart.state(state).parent.filter(|&parent| parent != 0) {
            graph.set_parent(key(state), key(parent));
        }
    }
    let joined = arrows(chart, options, &shown);
    for ((from, to), (words, ..)) in &joined {
        let longest = words.iter().map(|word| word.chars().count()).max().unwrap_or(0);
        let label = EdgeLabel {
            width: to_f64(longest) * CHARACTER_PX * 0.86 + 12.0,
            height: to_f64(words.len().max(1)) * 15.0 + 4.0,
            labelpos: LabelPos::C,
            minlen: 1,
            weight: 1.0,
            ..EdgeLabel::default()
        };
        graph.set_edge_with_label(key(*from), key(*to), label);
    }
    dugong::layout(&mut graph).map_err(|error| DrawError::Layout {
        chart: chart.name.clone(),
        message: error.to_string(),
    })?;
    Ok(picture(chart, options, &shown, &joined, &graph))
}

/// The states drawn as boxes: those below the chosen state, but not folded ones.
fn shown(chart: &Chart, options: &Options) -> Vec<StateIx> {
    let top = options.within.as_deref().and_then(|id| chart.find(id)).unwrap_or(0);
    let deepest = chart.state(top).depth + options.depth;
    let all = top + 1..chart.state(top).end;
    all.filter(|&state| options.depth == 0 || chart.state(state).depth <= deepest).collect()
}

/// The box around the placed children of a composite state, with room for its title.
fn around(
    chart: &Chart,
    state: StateIx,
    boxes: &[Placed],
    lines: &[String],
) -> (f64, f64, f64, f64) {
    let inside = boxes.iter().filter(|placed| chart.is_descendant(placed.state, state));
    let (mut left, mut top, mut right, mut bottom) = (f64::MAX, f64::MAX, 0.0_f64, 0.0_f64);
    for placed in inside {
        left = left.min(placed.x);
        top = top.min(placed.y);
        right = right.max(placed.x + placed.width);
        bottom = bottom.max(placed.y + placed.height);
    }
    let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let wide = (right - left + 2.0 * PADDING_PX).max(to_f64(longest) * CHARACTER_PX + 30.0);
    let left = left - (wide - (right - left)) / 2.0;
    (left, top - TITLE_PX, wide, bottom - top + TITLE_PX + PADDING_PX)
}

fn find(boxes: &[Placed], state: StateIx) -> Option<&Placed> {
    boxes.iter().find(|placed| placed.state == state)
}

/// Cuts off what of an arrow lies inside the composite boxes it leads from and to.
fn clip(
    mut points: Vec<(f64, f64)>,
    from: Option<&Placed>,
    to: Option<&Placed>,
) -> Vec<(f64, f64)> {
    if let Some(from) = from.filter(|from| from.composite) {
        cut(&mut points, from);
    }
    if let Some(to) = to.filter(|to| to.composite) {
        points.reverse();
        cut(&mut points, to);
        points.reverse();
    }
    points
}

/// Lets a path that begins inside `placed` begin on its border instead.
fn cut(points: &mut Vec<(f64, f64)>, placed: &Placed) {
    let inside = |(x, y): (f64, f64)| {
        x > placed.x && x < placed.x + placed.width && y > placed.y && y < placed.y + placed.height
    };
    let Some(out) = points.iter().position(|&point| !inside(point)) else { return };
    if out == 0 {
        return;
    }
    let (mut within, mut without) = (points[out - 1], points[out]);
    // Halving finds the border to a hundredth of a pixel.
    for _ in 0..20 {
        let middle = (f64::midpoint(within.0, without.0), f64::midpoint(within.1, without.1));
        if inside(middle) { within = middle } else { without = middle }
    }
    points.drain(..out);
    points.insert(0, (tenth(without.0), tenth(without.1)));
}

fn is_composite(chart: &Chart, state: StateIx, shown: &[StateIx]) -> bool {
    chart.state(state).children.iter().any(|child| shown.contains(child))
}

fn title<'c>(chart: &'c Chart, state: StateIx, lang: &str) -> &'c str {
    let state = chart.state(state);
    if matches!(state.kind, Kind::History { .. }) {
        return if matches!(state.kind, Kind::History { deep: true, .. }) { "H*" } else { "H" };
    }
    let title = state.title.get(lang);
    if title.is_empty() { &state.id } else { title }
}

fn size(chart: &Chart, state: StateIx, lines: &[String]) -> (f64, f64) {
    if matches!(chart.state(state).kind, Kind::History { .. }) {
        return (28.0, 28.0);
    }
    let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(1);
    (to_f64(longest) * CHARACTER_PX + 2.0 * PADDING_PX, to_f64(lines.len()) * LINE_PX + 18.0)
}

/// Arrows joined by their two ends, in document order.
fn arrows(
    chart: &Chart,
    options: &Options,
    shown: &[StateIx],
) -> BTreeMap<(StateIx, StateIx), Words> {
    let mut joined: BTreeMap<(StateIx, StateIx), Words> = BTreeMap::new();
    for state in &chart.states {
        for &transition in &state.transitions {
            let transition = chart.transition(transition);
            for &target in &transition.targets {
                let ends = (fold(chart, transition.source, options), fold(chart, target, options));
                let (from, to) = (leaf(chart, ends.0, shown), leaf(chart, ends.1, shown));
                if from == to || !shown.contains(&from) || !shown.contains(&to) {
                    continue;
                }
                let entry = joined.entry((from, to)).or_insert((Vec::new(), true, ends));
                let (words, automatic, _) = entry;
                for pattern in &transition.events {
                    let event = pattern.0.as_ref();
                    let known = chart.events.get(event);
                    let machine = known.is_none_or(|event| event.machine);
                    *automatic &= machine;
                    let word = match (known, event) {
                        (Some(event), _) => event.title.get(&options.lang),
                        (None, "term.due") if options.lang == "en" => "when due",
                        (None, "term.due") => "khi đến hạn",
                        (None, event) => event,
                    };
                    let spoken = options.labels && !(machine && event.starts_with("done."));
                    if spoken {
                        for line in wrap(word, LINE_CHARACTERS) {
                            if !words.contains(&line) {
                                words.push(line);
                            }
                        }
                    }
                }
            }
        }
    }
    joined
}

/// The nearest state that is drawn.
fn fold(chart: &Chart, state: StateIx, options: &Options) -> StateIx {
    let top = options.within.as_deref().and_then(|id| chart.find(id)).unwrap_or(0);
    let deepest = chart.state(top).depth + options.depth;
    if options.depth == 0 || chart.state(state).depth <= deepest {
        return state;
    }
    let mut up = chart.ancestors(state);
    up.find(|&state| chart.state(state).depth <= deepest).unwrap_or(state)
}

/// The box an arrow may end at: the first one inside a composite state.
fn leaf(chart: &Chart, state: StateIx, shown: &[StateIx]) -> StateIx {
    let mut at = state;
    while is_composite(chart, at, shown) {
        at = match chart.state(at).kind {
            Kind::Compound { initial } => {
                let first = chart.transition(initial).targets.first().copied();
                first.filter(|first| shown.contains(first)).unwrap_or(at + 1)
            }
            _ => chart.state(at).children[0],
        };
    }
    at
}

fn picture(
    chart: &Chart,
    options: &Options,
    shown: &[StateIx],
    joined: &BTreeMap<(StateIx, StateIx), Words>,
    graph: &Drawing,
) -> Picture {
    let mut boxes: Vec<Placed> = Vec::new();
    // Children follow their parents in document order, so backwards every child is placed first.
    for &state in shown.iter().rev() {
        let Some(node) = graph.node(&key(state)) else { continue };
        let (Some(x), Some(y)) = (node.x, node.y) else { continue };
        let composite = is_composite(chart, state, shown);
        let width = if composite { 60 } else { LINE_CHARACTERS };
        let lines = wrap(title(chart, state, &options.lang), width);
        let (x, y, width, height) = if composite {
            around(chart, state, &boxes, &lines)
        } else {
            (x - node.width / 2.0, y - node.height / 2.0, node.width, node.height)
        };
        let (x, y, width, height) = (tenth(x), tenth(y), tenth(width), tenth(height));
        boxes.push(Placed { state, x, y, width, height, lines, composite });
    }
    boxes.reverse();
    let arrows = joined.iter().filter_map(|((from, to), (words, automatic, ends))| {
        let edge = graph.edge(&key(*from), &key(*to), None)?;
        let points = edge.points.iter().map(|point| (tenth(point.x), tenth(point.y))).collect();
        Some(Arrow {
            points: clip(points, find(&boxes, ends.0), find(&boxes, ends.1)),
            words: words.clone(),
            at: edge.x.zip(edge.y).map(|(x, y)| (tenth(x), tenth(y))),
            automatic: *automatic,
        })
    });
    let arrows = arrows.collect();
    let size = graph.graph();
    let mut picture =
        Picture { left: 0.0, top: 0.0, width: size.width, height: size.height, boxes, arrows };
    picture.enclose();
    picture
}

fn key(state: StateIx) -> String {
    format!("s{state}")
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[expect(clippy::cast_precision_loss, reason = "counts of characters and lines are small")]
fn to_f64(count: usize) -> f64 {
    count as f64
}

/// Breaks `text` at spaces into lines of about `width` characters.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    if lines.is_empty() {
        lines.push(text.to_owned());
    }
    lines
}
