//! What people do where, and how soon: a table.
//!
//! A line says what the holder of a role does about a task, or, where nobody is asked, what somebody
//! may take up of their own accord. Weights choose among events; an empty event means that nothing
//! is done. What the chart allows is asked of the chart, never written here.
//!
//! **Invariant:** the table names states and events of the shipped charts only; a test looks.

/// How soon somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Within the term of the task, or after it, as the person is.
    Term,
    /// Within a report's term; some reports never come.
    Report,
    /// So many working days after the task came up.
    Days(i64, i64),
    /// So many working days after the term has run out: somebody else sees to it.
    After(i64, i64),
}

/// Why somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A task of this role.
    Task(&'static str),
    /// Nobody asks; it is taken up once per entry in so many of a thousand cases.
    Own(u64),
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Duty {
    /// The chart.
    pub chart: &'static str,
    /// The state that must be active.
    pub state: &'static str,
    /// Why.
    pub cause: Cause,
    /// How soon.
    pub pace: Pace,
    /// Event, weight, and the role that sends it (empty: the role of the task).
    pub choices: &'static [(&'static str, u64, &'static str)],
    /// How often it is tried while the task stays.
    pub tries: u32,
    /// Working days between two tries.
    pub again: (i64, i64),
}

impl Duty {
    /// Whether it is a task of `role`.
    pub fn cause_is(&self, role: &str) -> bool {
        matches!(self.cause, Cause::Task(own) if own == role)
    }
}

const fn duty(
    chart: &'static str,
    state: &'static str,
    cause: Cause,
    pace: Pace,
    choices: &'static [(&'static str, u64, &'static str)],
) -> Duty {
    Duty { chart, state, cause, pace, choices, tries: 6, again: (1, 3) }
}

const fn patient(mut duty: Duty, tries: u32, again: (i64, i64)) -> Duty {
    duty.tries = tries;
    duty.again = again;
    duty
}

use Cause::{Own, Task};
use Pace::{After, Days, Report, Term};

const PLATFORM: &str = "platform";
const PART: &str = "participation";
const PLAN: &str = "plan";
const EVAL: &str = "evaluation";
const REPORT: &str = "report";

const DRAFT_PLAN: &[(&str, u64, &str)] =
    &[("submit", 65, ""), ("save", 20, ""), ("comment", 15, "coordinator")];
const APPROVE: &[(&str, u64, &str)] = &[("approve", 82, ""), ("return", 18, "")];
const RECOGNISE: &[(&str, u64, &str)] = &[("recognise", 84, ""), ("refuse_recognition", 16, "")];
const SUBMIT_REPORT: &[(&str, u64, &str)] = &[("submit", 85, ""), ("save", 15, "")];
const LOOK: &[(&str, u64, &str)] = &[("accept", 45, ""), ("return", 8, ""), ("", 47, "")];

/// The table, by chart and state.
pub const DUTIES: &[Duty] = &[
    duty(
        PLATFORM,
        "owner_proposed",
        Task("owner_leadership"),
        Term,
        &[("agree_ownership", 90, ""), ("decline_ownership", 10, "")],
    ),
    duty(PLATFORM, "owner_declined", Task("coordinator"), Days(5, 15), &[("propose_owner", 1, "")]),
    duty(
        PLATFORM,
        "units_unnamed",
        Task("coordinator"),
        Days(3, 12),
        &[("name_focal_units", 1, "")],
    ),
    duty(PLATFORM, "dossier_check", Task("ministry_focal"), Term, &[("open_round", 1, "")]),
    duty(PLATFORM, "submission", Task("coordinator"), Term, &[("submit_recognition", 1, "")]),
    duty(PLATFORM, "decision", Task("ministry_leadership"), Term, RECOGNISE),
    duty(
        PLATFORM,
        "ceremony_unplanned",
        Task("coordinator"),
        Days(2, 10),
        &[("plan_ceremony", 1, "")],
    ),
    duty(
        PLATFORM,
        "ceremony_planned",
        Task("coordinator"),
        Days(8, 15),
        &[("hold_ceremony", 90, ""), ("plan_ceremony", 10, "")],
    ),
    duty(
        PLATFORM,
        "portal_pending",
        Task("portal_operator"),
        Days(1, 10),
        &[("publish_on_portal", 1, "")],
    ),
    duty(
        PLATFORM,
        "press_pending",
        Task("communications"),
        Days(1, 12),
        &[("publish_in_press", 1, "")],
    ),
    duty(PLATFORM, "valid", Task("ministry_focal"), Days(3, 10), &[("open_round", 1, "")]),
    duty(PLATFORM, "review_due", Task("ministry_focal"), Term, &[("open_round", 1, "")]),
    duty(PLATFORM, "result_pending", Task("ministry_leadership"), Term, RECOGNISE),
    duty(
        PLATFORM,
        "result_pending",
        Task("ministry_focal"),
        Term,
        &[("propose_withdrawal", 1, "")],
    ),
    duty(
        PLATFORM,
        "monitored",
        Own(220),
        Days(25, 150),
        &[("propose_withdrawal", 1, "security_unit")],
    ),
    duty(
        PLATFORM,
        "withdrawal_decision",
        Task("ministry_leadership"),
        Term,
        &[("withdraw_recognition", 60, ""), ("keep_recognition", 40, "")],
    ),
    patient(
        duty(
            PLATFORM,
            "agreement_unsigned",
            Task("ministry_focal"),
            Days(40, 90),
            &[("sign_agreement", 1, "")],
        ),
        30,
        (10, 25),
    ),
    duty(
        PLATFORM,
        "agreement_review",
        Task("ministry_focal"),
        Days(5, 20),
        &[("review_agreement", 1, "")],
    ),
    duty(
        PLATFORM,
        "listing_review",
        Task("coordinator"),
        Days(5, 20),
        &[("confirm_listing", 85, ""), ("propose_amendment", 15, "")],
    ),
    duty(
        PLATFORM,
        "amendment_proposed",
        Task("coordinator"),
        Days(8, 30),
        &[("amend_catalogue", 60, "ministry_leadership"), ("decline_amendment", 40, "")],
    ),
    duty(
        PLATFORM,
        "listed",
        Own(90),
        Days(60, 240),
        &[("propose_amendment", 50, "association"), ("propose_amendment", 50, "province")],
    ),
    duty(PLATFORM, "active", Own(1_000), Days(1, 6), &[("apply", 1, "ministry_focal")]),
    duty(
        PLATFORM,
        "active",
        Own(300),
        Days(60, 420),
        &[("request_report", 50, "coordinator"), ("request_report", 50, "leader_in_charge")],
    ),
    duty(PLATFORM, "development", Own(500), Days(40, 120), &[("open_plan", 1, "ministry_focal")]),
    duty(
        PLATFORM,
        "withdrawn",
        Task("coordinator"),
        Term,
        &[("redevelop", 75, "ministry_leadership"), ("archive", 25, "ministry_leadership")],
    ),
    duty(
        PART,
        "draft",
        Task("core_enterprise"),
        Term,
        &[("submit", 75, ""), ("save_dossier", 25, "")],
    ),
    duty(
        PART,
        "received",
        Task("coordinator"),
        Days(2, 6),
        &[("receive", 74, ""), ("request_supplement", 20, ""), ("refuse", 6, "")],
    ),
    duty(
        PART,
        "under_review",
        Task("ministry_focal"),
        Days(2, 7),
        &[("give_opinion", 88, ""), ("request_supplement", 12, "coordinator")],
    ),
    duty(
        PART,
        "under_review",
        Task("ministry_leadership"),
        Days(1, 6),
        &[("accept", 92, ""), ("refuse", 8, "")],
    ),
    duty(
        PART,
        "supplement_requested",
        Task("core_enterprise"),
        Term,
        &[("supplement", 90, ""), ("", 10, "")],
    ),
    duty(PART, "supplement_requested", Own(1_000), After(3, 8), &[("refuse", 1, "coordinator")]),
    duty(
        PART,
        "building",
        Task("core_enterprise"),
        Days(18, 190),
        &[("request_evaluation", 1, "")],
    ),
    duty(PART, "building", Own(260), Days(10, 110), &[("propose_removal", 1, "ministry_focal")]),
    duty(PART, "building", Own(70), Days(20, 160), &[("withdraw", 1, "core_enterprise")]),
    duty(
        PART,
        "answering_withdrawal",
        Task("core_enterprise"),
        Term,
        &[("explain_withdrawal", 80, ""), ("", 20, "")],
    ),
    duty(PART, "explaining", Task("core_enterprise"), Term, &[("explain", 65, ""), ("", 35, "")]),
    duty(
        PART,
        "removal_decision",
        Task("ministry_leadership"),
        Term,
        &[("remove", 65, ""), ("keep", 35, "")],
    ),
    duty(PLAN, "draft", Task("ministry_focal"), Days(5, 25), DRAFT_PLAN),
    duty(PLAN, "draft", Task("dx_unit"), Days(5, 30), DRAFT_PLAN),
    duty(PLAN, "draft", Task("core_enterprise"), Days(4, 25), DRAFT_PLAN),
    duty(PLAN, "draft", Task("agency"), Days(5, 30), DRAFT_PLAN),
    duty(PLAN, "submitted", Task("ministry_leadership"), Term, APPROVE),
    duty(PLAN, "submitted", Task("owner_leadership"), Term, APPROVE),
    duty(PLAN, "submitted", Task("core_enterprise"), Term, APPROVE),
    duty(PLAN, "submitted", Task("agency_leadership"), Term, APPROVE),
    duty(PLAN, "returned", Task("ministry_focal"), Term, &[("submit", 1, "")]),
    duty(PLAN, "returned", Task("dx_unit"), Term, &[("submit", 1, "")]),
    duty(PLAN, "returned", Task("core_enterprise"), Term, &[("submit", 1, "")]),
    duty(PLAN, "returned", Task("agency"), Term, &[("submit", 1, "")]),
    duty(PLAN, "approved", Task("ministry_focal"), Days(1, 6), &[("put_in_force", 1, "")]),
    duty(PLAN, "approved", Task("dx_unit"), Days(1, 6), &[("put_in_force", 1, "")]),
    duty(PLAN, "approved", Task("core_enterprise"), Days(1, 6), &[("put_in_force", 1, "")]),
    duty(PLAN, "approved", Task("agency"), Days(1, 6), &[("put_in_force", 1, "")]),
    duty(PLAN, "current", Own(400), Days(25, 150), &[("record_month", 1, "drafter")]),
    duty(PLAN, "current", Own(120), Days(60, 200), &[("revise", 1, "drafter")]),
    duty(PLAN, "revision_submitted", Task("ministry_leadership"), Days(2, 9), APPROVE),
    duty(PLAN, "revision_submitted", Task("owner_leadership"), Days(2, 9), APPROVE),
    duty(PLAN, "revision_submitted", Task("core_enterprise"), Days(2, 9), APPROVE),
    duty(PLAN, "year_end", Task("ministry_focal"), Days(3, 15), &[("close", 1, "")]),
    duty(PLAN, "year_end", Task("dx_unit"), Days(3, 15), &[("close", 1, "")]),
    duty(PLAN, "year_end", Task("core_enterprise"), Days(3, 15), &[("close", 1, "")]),
    duty(PLAN, "year_end", Task("agency"), Days(3, 15), &[("close", 1, "")]),
    duty(EVAL, "criteria", Task("ministry_focal"), Term, &[("set_criteria", 1, "")]),
    duty(EVAL, "body", Task("ministry_focal"), Term, &[("form_body", 1, "")]),
    patient(
        duty(
            EVAL,
            "material_awaited",
            Task("secretary"),
            Days(2, 6),
            &[("close_materials", 1, "")],
        ),
        20,
        (1, 2),
    ),
    duty(EVAL, "survey_pending", Task("ministry_focal"), Days(3, 9), &[("record_survey", 1, "")]),
    duty(
        EVAL,
        "field_test_pending",
        Task("ministry_focal"),
        Days(3, 10),
        &[("record_field_test", 1, "")],
    ),
    duty(EVAL, "security_pending", Task("security_unit"), Term, &[("assess_security", 1, "")]),
    duty(EVAL, "declaring", Task("member"), Term, &[("declare", 1, "")]),
    duty(EVAL, "scoring", Task("member"), Term, &[("score", 96, ""), ("", 4, "")]),
    duty(EVAL, "scoring", Own(1_000), After(1, 3), &[("end_scoring", 1, "chair")]),
    patient(
        duty(EVAL, "convening", Task("secretary"), Term, &[("open_session", 1, "")]),
        12,
        (1, 4),
    ),
    duty(EVAL, "voting", Task("secretary"), Days(0, 1), &[("record_vote", 1, "")]),
    duty(EVAL, "minutes_drafting", Task("secretary"), Term, &[("draft_minutes", 1, "")]),
    duty(EVAL, "minutes_signing", Task("secretary"), Term, &[("sign_minutes", 1, "")]),
    duty(EVAL, "minutes_signing", Task("chair"), Term, &[("sign_minutes", 1, "")]),
    duty(REPORT, "owed_by_enterprise", Task("core_enterprise"), Report, SUBMIT_REPORT),
    duty(REPORT, "owed_by_focal", Task("ministry_focal"), Report, SUBMIT_REPORT),
    duty(REPORT, "owed_by_owner", Task("owner_focal"), Report, SUBMIT_REPORT),
    duty(REPORT, "owed_by_coordinator", Task("coordinator"), Report, SUBMIT_REPORT),
    duty(REPORT, "awaited", Task("coordinator"), Days(9, 20), &[("cancel", 1, "")]),
    duty(REPORT, "submitted", Task("ministry_focal"), Days(1, 4), LOOK),
    duty(REPORT, "submitted", Task("leader_in_charge"), Days(1, 4), LOOK),
    duty(REPORT, "submitted", Task("ministry_leadership"), Days(1, 4), LOOK),
    duty(REPORT, "returned", Task("core_enterprise"), Term, &[("resubmit", 1, "")]),
    duty(REPORT, "returned", Task("ministry_focal"), Term, &[("resubmit", 1, "")]),
    duty(REPORT, "returned", Task("owner_focal"), Term, &[("resubmit", 1, "")]),
    duty(REPORT, "returned", Task("coordinator"), Term, &[("resubmit", 1, "")]),
    duty(REPORT, "accepted", Own(30), Days(3, 40), &[("correct", 1, "reporter")]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_states_events_and_roles_of_the_shipped_charts() {
        let charts: Vec<_> = workflows::all().into_iter().filter_map(|one| one.chart).collect();
        for duty in DUTIES {
            let chart = charts.iter().find(|one| one.name == duty.chart).expect(duty.chart);
            assert!(chart.find(duty.state).is_some(), "{}: no state {}", duty.chart, duty.state);
            for (event, _, role) in duty.choices.iter().filter(|choice| !choice.0.is_empty()) {
                assert!(chart.events.contains_key(*event), "{}: no event {event}", duty.chart);
                let stands_for_another = ["", "drafter", "reporter"].contains(role);
                assert!(stands_for_another || chart.roles.contains_key(*role), "no role {role}");
            }
        }
    }
}
