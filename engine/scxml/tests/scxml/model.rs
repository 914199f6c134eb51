//! Random pure charts: a tree, and the SCXML text of it.

use std::fmt::Write;

/// A small generator (xorshift64*): the same seed gives the same chart on every machine.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).expect("31 bits fit") % sides
    }

    /// True in `percent` of 100 cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Atomic,
    Compound,
    Parallel,
    Final,
    Shallow,
    Deep,
}

/// A transition.
#[derive(Debug, Clone, Default)]
pub(crate) struct Move {
    pub(crate) events: Vec<String>,
    /// `In(state)`, or its negation.
    pub(crate) guard: Option<(bool, usize)>,
    pub(crate) targets: Vec<usize>,
    pub(crate) internal: bool,
    pub(crate) raises: Vec<String>,
}

/// A state.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) parent: Option<usize>,
    pub(crate) kind: Kind,
    pub(crate) children: Vec<usize>,
    /// One past its last descendant.
    pub(crate) end: usize,
    /// The initial transition of a compound state, the default of a history state.
    pub(crate) default: Move,
    pub(crate) moves: Vec<Move>,
    pub(crate) on_entry: Vec<String>,
    pub(crate) on_exit: Vec<String>,
}

/// A chart; node 0 is its root.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) nodes: Vec<Node>,
}

/// Events that are sent and raised.
pub(crate) const EVENTS: [&str; 4] = ["a", "b", "c", "a.b"];

const DEPTH_MAX: usize = 4;

impl Model {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let mut model = Self { nodes: Vec::new() };
        model.grow(dice, None, Kind::Compound, 0);
        for node in 0..model.nodes.len() {
            model.fill(dice, node);
        }
        model
    }

    fn grow(&mut self, dice: &mut Dice, parent: Option<usize>, kind: Kind, depth: usize) -> usize {
        let at = self.nodes.len();
        self.nodes.push(Node {
            parent,
            kind,
            children: Vec::new(),
            end: 0,
            default: Move::default(),
            moves: Vec::new(),
            on_entry: Vec::new(),
            on_exit: Vec::new(),
        });
        if matches!(kind, Kind::Compound | Kind::Parallel) {
            let count = 1 + dice.roll(3) + usize::from(depth == 0);
            for number in 0..count {
                let child = self.child_kind(dice, kind, depth, number);
                let child = self.grow(dice, Some(at), child, depth + 1);
                self.nodes[at].children.push(child);
            }
            if dice.chance(35) && parent.is_some() {
                let kind = if dice.chance(50) { Kind::Shallow } else { Kind::Deep };
                let child = self.grow(dice, Some(at), kind, depth + 1);
                self.nodes[at].children.push(child);
            }
        }
        self.nodes[at].end = self.nodes.len();
        at
    }

    fn child_kind(&self, dice: &mut Dice, parent: Kind, depth: usize, number: usize) -> Kind {
        let deep = depth + 1 >= DEPTH_MAX || self.nodes.len() > 30;
        match dice.roll(10) {
            0..=2 if !deep => Kind::Compound,
            3..=5 if !deep => Kind::Parallel,
            6 | 7 if parent == Kind::Compound && number > 0 && (depth > 0 || dice.chance(20)) => {
                Kind::Final
            }
            _ if parent == Kind::Parallel && !deep && dice.chance(60) => Kind::Compound,
            _ => Kind::Atomic,
        }
    }

    /// Gives a node its transitions and contents.
    fn fill(&mut self, dice: &mut Dice, at: usize) {
        let kind = self.nodes[at].kind;
        if let Some(parent) = self.nodes[at].parent
            && matches!(kind, Kind::Shallow | Kind::Deep)
        {
            let target = self.below(dice, parent, false);
            self.nodes[at].default = Move { targets: vec![target], ..Move::default() };
            if dice.chance(30) {
                self.nodes[at].default.raises.push(event(dice));
            }
            return;
        }
        if kind == Kind::Compound {
            let target = if dice.chance(60) {
                self.nodes[at].children[0]
            } else {
                self.below(dice, at, true)
            };
            self.nodes[at].default = Move { targets: vec![target], ..Move::default() };
            if at > 0 && dice.chance(20) {
                self.nodes[at].default.raises.push(event(dice));
            }
        }
        if at == 0 {
            return;
        }
        if dice.chance(15) {
            self.nodes[at].on_entry.push(event(dice));
        }
        if dice.chance(15) {
            self.nodes[at].on_exit.push(event(dice));
        }
        if kind == Kind::Final {
            return;
        }
        for _ in 0..dice.roll(3) {
            let one = self.random_move(dice);
            self.nodes[at].moves.push(one);
        }
    }

    fn random_move(&self, dice: &mut Dice) -> Move {
        let mut one = Move { internal: dice.chance(30), ..Move::default() };
        match dice.roll(12) {
            0 => {}
            1 => one.events.push("*".to_owned()),
            2 => one.events = vec![event(dice), event(dice)],
            3 => one.events.push(format!("done.state.s{}", dice.roll(self.nodes.len()))),
            _ => one.events.push(event(dice)),
        }
        if dice.chance(25) || one.events.is_empty() {
            one.guard = Some((dice.chance(40), 1 + dice.roll(self.nodes.len() - 1)));
        }
        if dice.chance(85) {
            one.targets = self.targets(dice);
        }
        if dice.chance(25) {
            one.raises.push(event(dice));
        }
        one
    }

    /// One target, or several in different regions of one parallel state.
    fn targets(&self, dice: &mut Dice) -> Vec<usize> {
        let target = 1 + dice.roll(self.nodes.len() - 1);
        if self.nodes[target].kind != Kind::Parallel || dice.chance(50) {
            return vec![target];
        }
        let regions = self.nodes[target].children.clone();
        let mut targets = Vec::new();
        for region in regions {
            if matches!(self.nodes[region].kind, Kind::Shallow | Kind::Deep) || dice.chance(30) {
                continue;
            }
            let inside = self.nodes[region].end > region + 1 && dice.chance(70);
            targets.push(if inside { self.below(dice, region, true) } else { region });
        }
        if targets.is_empty() { vec![target] } else { targets }
    }

    /// Some state below `at`; history states only when they may be meant.
    fn below(&self, dice: &mut Dice, at: usize, history: bool) -> usize {
        let end = self.nodes[at].end;
        let found = at + 1 + dice.roll(end - at - 1);
        let remembers = matches!(self.nodes[found].kind, Kind::Shallow | Kind::Deep);
        if remembers && (!history || self.nodes[found].parent == Some(at)) {
            return self.nodes[at].children[0];
        }
        found
    }

    /// The SCXML text.
    pub(crate) fn scxml(&self) -> String {
        let mut out = String::from(
            "<scxml xmlns=\"http://www.w3.org/2005/07/scxml\" version=\"1.0\" name=\"s0\"",
        );
        let _ = writeln!(out, " initial=\"{}\">", names(&self.nodes[0].default.targets));
        for &child in &self.nodes[0].children {
            self.element(&mut out, child);
        }
        out.push_str("</scxml>\n");
        out
    }

    fn element(&self, out: &mut String, at: usize) {
        let node = &self.nodes[at];
        let (name, more) = match node.kind {
            Kind::Atomic | Kind::Compound => ("state", ""),
            Kind::Parallel => ("parallel", ""),
            Kind::Final => ("final", ""),
            Kind::Shallow => ("history", " type=\"shallow\""),
            Kind::Deep => ("history", " type=\"deep\""),
        };
        let _ = writeln!(out, "<{name} id=\"s{at}\"{more}>");
        for (element, raises) in [("onentry", &node.on_entry), ("onexit", &node.on_exit)] {
            if !raises.is_empty() {
                let _ = writeln!(out, "<{element}>{}</{element}>", raised(raises));
            }
        }
        match node.kind {
            Kind::Compound => {
                let _ = writeln!(out, "<initial>{}</initial>", transition(&node.default));
            }
            Kind::Shallow | Kind::Deep => out.push_str(&transition(&node.default)),
            _ => {}
        }
        for one in &node.moves {
            out.push_str(&transition(one));
        }
        for &child in &node.children {
            self.element(out, child);
        }
        let _ = writeln!(out, "</{name}>");
    }
}

fn event(dice: &mut Dice) -> String {
    EVENTS[dice.roll(EVENTS.len())].to_owned()
}

fn names(targets: &[usize]) -> String {
    targets.iter().map(|target| format!("s{target}")).collect::<Vec<_>>().join(" ")
}

fn raised(raises: &[String]) -> String {
    raises.iter().fold(String::new(), |mut out, event| {
        let _ = write!(out, "<raise event=\"{event}\"/>");
        out
    })
}

fn transition(one: &Move) -> String {
    let mut out = String::from("<transition");
    if !one.events.is_empty() {
        let _ = write!(out, " event=\"{}\"", one.events.join(" "));
    }
    if let Some((negated, state)) = one.guard {
        let _ = write!(out, " cond=\"{}In('s{state}')\"", if negated { "!" } else { "" });
    }
    if !one.targets.is_empty() {
        let _ = write!(out, " target=\"{}\"", names(&one.targets));
    }
    if one.internal {
        out.push_str(" type=\"internal\"");
    }
    let _ = writeln!(out, ">{}</transition>", raised(&one.raises));
    out
}
