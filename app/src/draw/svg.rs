//! The picture itself: boxes, dashed regions, arrows and their words.
//!
//! Colours are those of the pages: navy for what is, blue for what is now, green for an end, grey
//! for what a machine does by itself.
//!
//! **Invariant:** every box is a group with the state's id and title, for links and screen readers.

use chart::definition::{Chart, Kind};
use maud::{Markup, PreEscaped, html};

use super::Options;
use super::layout::{Arrow, LINE_PX, Picture, Placed};

const STYLE: &str = "
text{font:500 13px Inter,'Segoe UI','Noto Sans','DejaVu Sans',sans-serif;fill:#0f172a}
.box rect{fill:#fff;stroke:#1e3a5f;stroke-width:1.4}
.inside rect{fill:#f4f8fc;stroke:#9db4cc;stroke-width:1.2}
.deep rect{fill:#e9f1f9;stroke:#9db4cc}
.region rect{stroke-dasharray:5 4}
.inside text{font-weight:700;fill:#173b63}
.final rect{stroke:#0b7a4b;fill:#effaf4;stroke-width:2.4}
.active rect{fill:#0b4f8a;stroke:#0b4f8a}.active text{fill:#fff}
.around rect{stroke:#0b4f8a;stroke-width:2.2}
.history circle{fill:#fff;stroke:#64748b;stroke-width:1.4}
.arrow path{fill:none;stroke:#47617d;stroke-width:1.5}
.arrow.auto path{stroke:#94a3b8;stroke-dasharray:5 4}
.arrow text{font-size:11px;font-weight:400;fill:#334155}
.arrow rect{fill:#fff;fill-opacity:.9}
";

/// Renders a laid-out chart.
pub(super) fn render(chart: &Chart, picture: &Picture, options: &Options) -> String {
    let title = chart.title.get(&options.lang);
    let view = format!("{} {} {} {}", picture.left, picture.top, picture.width, picture.height);
    let mut order: Vec<&Placed> = picture.boxes.iter().collect();
    order.sort_by_key(|placed| (!placed.composite, chart.state(placed.state).depth));
    let markup = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(view) width=(picture.width)
            height=(picture.height) role="img" aria-label=(title) {
            title { (title) }
            @if options.styled { style { (PreEscaped(STYLE)) } }
            defs {
                marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7"
                    markerHeight="7" orient="auto-start-reverse" {
                    path d="M0,0 L10,5 L0,10 z" fill="#47617d" {}
                }
            }
            rect x=(picture.left) y=(picture.top) width=(picture.width) height=(picture.height)
                fill="#ffffff" {}
            @for placed in order.iter().filter(|placed| placed.composite) {
                (state(chart, placed, options))
            }
            @for arrow in &picture.arrows { (line(arrow)) }
            @for placed in order.iter().filter(|placed| !placed.composite) {
                (state(chart, placed, options))
            }
            @for arrow in &picture.arrows { (words(arrow)) }
        }
    };
    markup.into_string()
}

fn class(chart: &Chart, placed: &Placed, options: &Options) -> String {
    let state = chart.state(placed.state);
    let mut class = String::from(if placed.composite { "inside" } else { "box" });
    if placed.composite && state.depth.is_multiple_of(2) {
        class.push_str(" deep");
    }
    let in_parallel = state.parent.is_some_and(|parent| chart.state(parent).kind == Kind::Parallel);
    if in_parallel && placed.composite {
        class.push_str(" region");
    }
    match state.kind {
        Kind::Final => class.push_str(" final"),
        Kind::History { .. } => class.push_str(" history"),
        _ => {}
    }
    let is = |id: &String| id.as_str() == state.id.as_ref();
    if options.active.iter().any(is) {
        class.push_str(if placed.composite { " around" } else { " active" });
    }
    class
}

fn state(chart: &Chart, placed: &Placed, options: &Options) -> Markup {
    let definition = chart.state(placed.state);
    let middle = placed.x + placed.width / 2.0;
    let count = placed.lines.len();
    html! {
        g class=(class(chart, placed, options)) id=(format!("state-{}", definition.id)) {
            title { (definition.title.get(&options.lang)) " (" (definition.id) ")" }
            @if matches!(definition.kind, Kind::History { .. }) {
                circle cx=(middle) cy=(placed.y + placed.height / 2.0) r="14" {}
            } @else {
                rect x=(placed.x) y=(placed.y) width=(placed.width) height=(placed.height) rx="8" {}
            }
            @for (at, text) in placed.lines.iter().enumerate() {
                @if placed.composite {
                    text x=(placed.x + 14.0) y=(placed.y + 20.0 + offset(at)) { (text) }
                } @else {
                    text x=(middle) text-anchor="middle"
                        y=(placed.y + placed.height / 2.0 + 4.5 + offset(at)
                            - offset(count.saturating_sub(1)) / 2.0) { (text) }
                }
            }
        }
    }
}

fn offset(line: usize) -> f64 {
    f64::from(u32::try_from(line).unwrap_or(u32::MAX)) * LINE_PX
}

fn line(arrow: &Arrow) -> Markup {
    let class = if arrow.automatic { "arrow auto" } else { "arrow" };
    html! { g class=(class) { path d=(curve(&arrow.points)) marker-end="url(#tip)" {} } }
}

fn words(arrow: &Arrow) -> Markup {
    let Some((x, y)) = arrow.at.filter(|_| !arrow.words.is_empty()) else { return html! {} };
    let longest = arrow.words.iter().map(|word| word.chars().count()).max().unwrap_or(0);
    let width = f64::from(u32::try_from(longest).unwrap_or(0)) * 5.9 + 8.0;
    let height = f64::from(u32::try_from(arrow.words.len()).unwrap_or(0)) * 14.0 + 3.0;
    html! {
        g class="arrow" {
            rect x=(x - width / 2.0) y=(y - height / 2.0) width=(width) height=(height) rx="3" {}
            @for (at, word) in arrow.words.iter().enumerate() {
                text x=(x) text-anchor="middle"
                    y=(y - height / 2.0 + 12.0 + f64::from(u32::try_from(at).unwrap_or(0)) * 14.0)
                    { (word) }
            }
        }
    }
}

/// A smooth path through the points: straight ends, quadratic bends at the middles.
fn curve(points: &[(f64, f64)]) -> String {
    let Some(((x, y), rest)) = points.split_first() else { return String::new() };
    let mut path = format!("M{x},{y}");
    for pair in rest.windows(2) {
        let ((cx, cy), (nx, ny)) = (pair[0], pair[1]);
        path.push_str(&format!(
            " Q{cx},{cy} {:.1},{:.1}",
            f64::midpoint(cx, nx),
            f64::midpoint(cy, ny)
        ));
    }
    if let Some((x, y)) = rest.last() {
        path.push_str(&format!(" L{x},{y}"));
    }
    path
}
