//! The months of a year of reports: how many came in time, as a picture and as the table it is made from.

use std::collections::BTreeMap;
use std::sync::Arc;

use chart::calendar::{date_en, date_vi};
use chart::moment::Timestamp;
use chrono::NaiveDate;
use maud::{Markup, html};

use super::Site;
use crate::cli::Lang;
use crate::letters::wording::due_text;
use crate::reports::{Mark, Report};

/// The picture: width, and height of a bar of 100 %.
const WIDE: usize = 720;
const HIGH: usize = 120;

/// What became of the reports of one month.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Month {
    pub(super) on_time: usize,
    pub(super) late: usize,
    pub(super) missing: usize,
    pub(super) awaited: usize,
    pub(super) closed: usize,
    /// When most of them were due, and from which day that was moved.
    due: Option<(Timestamp, Option<NaiveDate>)>,
}

impl Month {
    pub(super) fn count(&self) -> usize {
        self.on_time + self.late + self.missing + self.awaited + self.closed
    }

    pub(super) fn received(&self) -> usize {
        self.on_time + self.late
    }

    /// When most of them are due.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due.map(|(due, _)| due)
    }

    /// How many in a hundred of those that were due came in time; nothing where none was due.
    pub(super) fn share(&self) -> Option<usize> {
        let due = self.on_time + self.late + self.missing;
        (due > 0).then(|| (self.on_time * 100 + due / 2) / due)
    }
}

/// The months of `reports`, as they stand at `now`.
pub(super) fn months<'r>(
    reports: impl IntoIterator<Item = &'r Arc<Report>>,
    now: Timestamp,
) -> [Month; 12] {
    let mut months: [Month; 12] = std::array::from_fn(|_| Month::default());
    let mut dues: [BTreeMap<(Timestamp, Option<NaiveDate>), usize>; 12] = Default::default();
    for report in reports {
        let at = report.month.1 as usize - 1;
        let month = &mut months[at];
        let count = match report.mark(now) {
            Mark::OnTime => &mut month.on_time,
            Mark::Late => &mut month.late,
            Mark::Overdue => &mut month.missing,
            Mark::Awaited => &mut month.awaited,
            Mark::Closed => &mut month.closed,
        };
        *count += 1;
        if let Some(due) = report.due {
            *dues[at].entry((due, report.moved_from)).or_default() += 1;
        }
    }
    for (month, dues) in months.iter_mut().zip(dues) {
        month.due = dues.into_iter().max_by_key(|(_, count)| *count).map(|(due, _)| due);
    }
    months
}

/// The month at `at` (0 to 11), short.
pub(super) fn month_name(at: usize, lang: Lang) -> String {
    const EN: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    match lang {
        Lang::Vi => format!("T{}", at + 1),
        Lang::En => EN.get(at).copied().unwrap_or_default().to_owned(),
    }
}

/// From which day a due date was moved, in words.
pub(super) fn moved(from: NaiveDate, lang: Lang) -> String {
    match lang {
        Lang::Vi => format!("đã dời từ {}", date_vi(from)),
        Lang::En => format!("moved from {}", date_en(from)),
    }
}

/// The months with reports: the picture, and the table.
///
/// `urges` are the filters of the board (length and level) for whoever may remind of what is missing.
pub(super) fn card(
    site: &Site,
    months: &[Month; 12],
    year: i32,
    urges: Option<(&str, &str)>,
    lang: Lang,
) -> Markup {
    let shown: Vec<(usize, &Month)> =
        months.iter().enumerate().filter(|(_, month)| month.count() > 0).collect();
    let title = lang.pick("Tỷ lệ nộp đúng hạn theo tháng", "Received on time, by month");
    html! {
        section class="app-card" aria-labelledby="trend" {
            h2 class="govuk-heading-m" id="trend" { (title) }
            div class="app-scroll" tabindex="0" role="region" aria-label=(title) {
                (picture(&shown, lang))
            }
            div class="app-scroll app-gap" tabindex="0" role="region"
                aria-label=(lang.pick("Số liệu theo tháng", "Figures by month")) {
                (table(site, &shown, year, urges, lang))
            }
        }
    }
}

fn picture(shown: &[(usize, &Month)], lang: Lang) -> Markup {
    let told: Vec<String> = shown
        .iter()
        .filter_map(|(at, month)| Some(format!("{} {} %", month_name(*at, lang), month.share()?)))
        .collect();
    let label = format!(
        "{}: {}",
        lang.pick("Tỷ lệ nộp đúng hạn", "Received on time"),
        if told.is_empty() {
            lang.pick("chưa có báo cáo đến hạn", "none was due").to_owned()
        } else {
            told.join(", ")
        }
    );
    let step = WIDE / 12;
    html! {
        svg class="app-trend" width=(WIDE) height=(HIGH + 44)
            viewBox=(format!("0 0 {WIDE} {}", HIGH + 44)) role="img" aria-label=(label) {
            line class="base" x1="0" y1=(HIGH + 20) x2=(WIDE) y2=(HIGH + 20) {}
            @for (at, month) in shown {
                @let x = at * step;
                text x=(x + step / 2) y=(HIGH + 38) { (month_name(*at, lang)) }
                @if let Some(share) = month.share() {
                    @let high = (share * HIGH / 100).max(2);
                    rect class="whole" x=(x + 12) y="20" width=(step - 24) height=(HIGH) {}
                    rect class="part" x=(x + 12) y=(20 + HIGH - high) width=(step - 24) height=(high) {}
                    text class="share" x=(x + step / 2) y="14" { (share) " %" }
                }
            }
        }
    }
}

/// A form of one button that asks for every report a month lacks.
fn lacking_form(month: &str, lacking: usize, urges: (&str, &str), lang: Lang) -> Markup {
    html! {
        form method="post" action="/urge" {
            input type="hidden" name="month" value=(month);
            input type="hidden" name="length" value=(urges.0);
            input type="hidden" name="level" value=(urges.1);
            button class="govuk-button govuk-button--secondary app-btn-s" name="kind" value="remind"
                aria-label=(format!("{} {month}", lang.pick("Nhắc các đơn vị chưa nộp", "Remind those missing"))) {
                (match lang {
                    Lang::Vi => format!("Nhắc {lacking} đơn vị chưa nộp"),
                    Lang::En => format!("Remind {lacking} missing"),
                })
            }
        }
    }
}

fn table(
    site: &Site,
    shown: &[(usize, &Month)],
    year: i32,
    urges: Option<(&str, &str)>,
    lang: Lang,
) -> Markup {
    let library = site.runtime.library();
    html! {
        table class="app-table" {
            thead { tr {
                th scope="col" { (lang.pick("Tháng", "Month")) }
                th scope="col" { (lang.pick("Hạn nộp", "Due")) }
                th scope="col" class="n" { (lang.pick("Báo cáo", "Reports")) }
                th scope="col" class="n" { (lang.pick("Đúng hạn", "On time")) }
                th scope="col" class="n" { (lang.pick("Muộn", "Late")) }
                th scope="col" class="n" { (lang.pick("Chưa nộp", "Missing")) }
                th scope="col" class="n" { (lang.pick("Chưa đến hạn", "Not yet due")) }
                th scope="col" class="n" { (lang.pick("Đóng", "Closed")) }
                th scope="col" class="n" { (lang.pick("Tỷ lệ đúng hạn", "Share on time")) }
                @if urges.is_some() { th scope="col" {
                    span class="govuk-visually-hidden" { (lang.pick("Việc làm được", "Actions")) }
                } }
            } }
            tbody {
                @for (at, month) in shown {
                    tr {
                        th scope="row" { (at + 1) "/" (year) }
                        td {
                            @if let Some((due, from)) = month.due {
                                (due_text(due, library.calendar(), lang.code()))
                                @if let Some(from) = from { small { "(" (moved(from, lang)) ")" } }
                            }
                        }
                        @for count in [month.count(), month.on_time, month.late, month.missing,
                            month.awaited, month.closed] { td class="n" { (count) } }
                        td class="n" {
                            @match month.share() {
                                Some(share) => strong { (share) " %" },
                                None => span class="app-muted" { (lang.pick("chưa có", "none yet")) },
                            }
                        }
                        @if let Some(urges) = urges { td class="app-acts" {
                            @let lacking = month.missing + month.awaited;
                            @if lacking > 0 { (lacking_form(&format!("{year}-{:02}", at + 1), lacking, urges, lang)) }
                        } }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_those_that_were_due() {
        let month = |on_time, late, missing| Month {
            on_time,
            late,
            missing,
            awaited: 9,
            closed: 9,
            ..Month::default()
        };
        for (month, expected) in [
            (month(0, 0, 0), None),
            (month(2, 1, 0), Some(67)),
            (month(0, 1, 1), Some(0)),
            (month(5, 0, 0), Some(100)),
        ] {
            assert_eq!(month.share(), expected, "{month:?}");
        }
    }
}
