//! A chart as a picture: nested boxes, parallel regions, arrows with the words on the buttons.
//!
//! [`layout`] places boxes and arrows (layered drawing over a compound graph), [`svg`] draws them.
//! The active states can be highlighted, and deep states folded into their parents.
//!
//! **Invariant:** equal charts give equal bytes, so a picture can be kept under version control.

mod layout;
mod svg;

use chart::definition::Chart;

/// What to draw.
#[derive(Debug, Clone)]
pub struct Options {
    /// `vi` or `en`.
    pub lang: String,
    /// Ids of active states, highlighted.
    pub active: Vec<String>,
    /// States deeper than this are folded into their parents; 0 means all are drawn.
    pub depth: u16,
    /// Draw only what lies inside this state.
    pub within: Option<String>,
    /// From left to right instead of downwards.
    pub across: bool,
    /// Whether arrows carry their events' titles.
    pub labels: bool,
    /// Whether the picture brings its own style; a page that shows it inline has one already.
    pub styled: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lang: "vi".to_owned(),
            active: Vec::new(),
            depth: 0,
            within: None,
            across: false,
            labels: true,
            styled: true,
        }
    }
}

/// The SVG picture of `chart`.
pub fn draw(chart: &Chart, options: &Options) -> Result<String, DrawError> {
    let picture = layout::layout(chart, options)?;
    Ok(svg::render(chart, &picture, options))
}

/// Why a chart cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// The layout did not come to an end.
    #[error("chart `{chart}` could not be laid out: {message}")]
    Layout {
        /// The chart.
        chart: String,
        /// What the layout said.
        message: String,
    },
}
