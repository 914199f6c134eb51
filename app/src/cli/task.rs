//! `cotmoc task`: who owes which act, and since when.

use std::collections::BTreeMap;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use store::rows::TaskRow;
use store::tasks::{self, TaskFilter};

use super::case::task_title;
use super::desk::{Desk, time};
use super::output::Rows;
use super::{Arguments, Failure, Lang};

/// What rows are summed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// By the unit that owes.
    Unit,
}

/// What to do with tasks.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// What is owed, the earliest due first
    #[command(after_help = "Examples:\n  cotmoc task list --overdue --by unit\n  \
        cotmoc task list --role coordinator --format csv\n  \
        cotmoc task list --org cuc-buu-dien-trung-uong --overdue")]
    List(ListArgs),
}

/// Arguments of `task list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Owed by this role
    #[arg(long)]
    role: Option<String>,
    /// Owed by this organisation
    #[arg(long, value_name = "ORGANISATION")]
    org: Option<String>,
    /// On exactly this subject
    #[arg(long)]
    subject: Option<String>,
    /// Past its due moment
    #[arg(long)]
    overdue: bool,
    /// Summed
    #[arg(long, value_enum)]
    by: Option<By>,
}

/// A task with the units that owe it; one without a holder stands for itself.
struct Owed {
    task: TaskRow,
    units: Vec<String>,
}

/// Carries out a command on tasks.
pub async fn run(verb: &Verb, common: &Arguments) -> Result<(), Failure> {
    let Verb::List(args) = verb;
    let desk = Desk::open(&common.store, common.lang).await?;
    let now = desk.now().as_ms();
    let filter = TaskFilter {
        case_id: None,
        role: args.role.clone(),
        subjects: args.subject.clone().into_iter().collect(),
        due_before_ms: args.overdue.then_some(now),
        ..TaskFilter::default()
    };
    let mut owed = Vec::new();
    for task in tasks::list(&desk.store, &filter, i64::MAX).await? {
        let units = desk.units(&task.role, &task.subject, &task.case_id);
        if args.org.as_ref().is_none_or(|org| units.contains(org)) {
            owed.push(Owed { task, units });
        }
    }
    let rows = match args.by {
        None => each(&desk, &owed, common.lang),
        Some(By::Unit) => by_unit(&desk, &owed, common.lang),
    };
    rows.print(common.format, common.lang.pick("Không có việc nào.", "Nothing is owed."))
}

fn each(desk: &Desk, owed: &[Owed], lang: Lang) -> Rows {
    let mut rows = Rows::new(&[
        ("case_id", lang.pick("Mã hồ sơ", "Case")),
        ("subject", lang.pick("Đối tượng", "Subject")),
        ("title", lang.pick("Việc", "Task")),
        ("role", lang.pick("Vai trò", "Role")),
        ("unit", lang.pick("Đơn vị", "Unit")),
        ("due", lang.pick("Thời hạn", "Due")),
        ("due_date", lang.pick("Ngày đến hạn", "Due date")),
        ("working_days_left", lang.pick("Còn (ngày làm việc)", "Working days left")),
        ("overdue", lang.pick("Quá hạn", "Overdue")),
    ]);
    let now = desk.now().as_ms();
    for Owed { task, units } in owed {
        let (due, left) = desk.due(task.due_date.as_deref(), lang);
        let names: Vec<&str> = units.iter().map(|unit| desk.name(unit)).collect();
        rows.push(vec![
            json!(task.case_id),
            json!(task.subject),
            json!(task_title(task, lang)),
            json!(task.role),
            json!(names.join("; ")),
            due,
            json!(task.due_date),
            left,
            json!(task.due_at_ms.is_some_and(|due| due <= now)),
        ]);
    }
    rows
}

/// What one unit owes.
#[derive(Default)]
struct Sum {
    tasks: usize,
    overdue: usize,
    oldest_ms: Option<i64>,
}

fn by_unit(desk: &Desk, owed: &[Owed], lang: Lang) -> Rows {
    let now = desk.now().as_ms();
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for Owed { task, units } in owed {
        // A role that nobody holds is named itself, so that no task goes unseen.
        let nobody = [format!("? {}", task.role)];
        for unit in if units.is_empty() { &nobody[..] } else { units } {
            let sum = sums.entry(unit.clone()).or_default();
            sum.tasks += 1;
            if let Some(due) = task.due_at_ms.filter(|&due| due <= now) {
                sum.overdue += 1;
                sum.oldest_ms = Some(sum.oldest_ms.map_or(due, |oldest| oldest.min(due)));
            }
        }
    }
    let mut sums: Vec<(String, Sum)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, sum)| (std::cmp::Reverse(sum.overdue), std::cmp::Reverse(sum.tasks)));
    let mut rows = Rows::new(&[
        ("unit", lang.pick("Mã đơn vị", "Unit")),
        ("name", lang.pick("Đơn vị", "Name")),
        ("tasks", lang.pick("Số việc", "Tasks")),
        ("overdue", lang.pick("Quá hạn", "Overdue")),
        ("overdue_since", lang.pick("Quá hạn từ", "Overdue since")),
    ]);
    for (unit, sum) in &sums {
        let name = match unit.strip_prefix("? ") {
            Some(role) => match lang {
                Lang::Vi => format!("(chưa ai giữ vai trò {role})"),
                Lang::En => format!("(nobody holds {role})"),
            },
            None => desk.name(unit).to_owned(),
        };
        rows.push(vec![
            json!(unit),
            json!(name),
            json!(sum.tasks),
            json!(sum.overdue),
            sum.oldest_ms.map_or(Value::Null, |at| json!(time(at))),
        ]);
    }
    rows
}
