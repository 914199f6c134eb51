//! `cotmoc case`: cases listed, shown, and told events.

use clap::Subcommand;
use serde_json::{Value, json};
use store::cases::CaseFilter;
use store::rows::{Head, StoredEntry, TaskRow};
use store::{cases, inbox, log, tasks, timers};

use super::desk::{Desk, place, time, title_of};
use super::output::{Rows, remark, say};
use super::{Arguments, Failure, Format, Lang, actions, person, send, send_all};
use crate::facts::{self, element_of};

/// How many entries `show` ends with.
const LAST_ENTRIES: usize = 8;

/// What to do with cases.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Cases with their stage, in the order of their ids
    #[command(after_help = "Examples:\n  cotmoc case list --chart platform\n  \
        cotmoc case list --subject platform/ndp2022-01 --open --format csv\n  \
        cotmoc case list --find 'mang xa hoi' --chart report")]
    List(ListArgs),
    /// One case: where it is, who owes what until when, what happened last
    #[command(after_help = "Example:\n  cotmoc case show 0d9b6a52 --lang en")]
    Show {
        /// The id of a case, or the beginning of one
        case: String,
    },
    /// What somebody may do with a case now, and what not, why, and from when
    #[command(after_help = "Example:\n  \
        cotmoc case actions 0d9b6a52 --as person:vu-quan-ly-doanh-nghiep:coordinator")]
    Actions {
        /// The id of a case, or the beginning of one
        case: String,
        /// Who asks
        #[command(flatten)]
        actor: send::ActorArgs,
    },
    /// Tell a case an event; prints the receipt when it is durable
    #[command(after_help = send::SEND_EXAMPLES)]
    Send(send::SendArgs),
    /// Send many commands, a JSON line each; every answer is a line as well
    SendAll(send_all::Args),
    /// Open a case
    #[command(after_help = send::OPEN_EXAMPLES)]
    Open(send::OpenArgs),
    /// Run timers and messages of a case again that had failed
    #[command(after_help = "Example:\n  cotmoc case retry 0d9b6a52\n\n\
        What failed is told to the administrator and waits; `cotmoc serve` runs it again.")]
    Retry {
        /// The id of a case, or the beginning of one
        case: String,
    },
    /// Everything that happened to a case, oldest first
    #[command(after_help = "Example:\n  cotmoc case history 0d9b6a52 --format csv > history.csv")]
    History {
        /// The id of a case, or the beginning of one
        case: String,
    },
}

/// Arguments of `case list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Under this chart
    #[arg(long)]
    chart: Option<String>,
    /// In this stage
    #[arg(long)]
    stage: Option<String>,
    /// About this subject, or one that begins so
    #[arg(long)]
    subject: Option<String>,
    /// With these words in the name of the platform or unit, marks or not, or with this id
    #[arg(long, value_name = "WORDS")]
    find: Option<String>,
    /// Not at their end
    #[arg(long, conflicts_with = "done")]
    open: bool,
    /// At their end
    #[arg(long)]
    done: bool,
    /// At most so many
    #[arg(long, default_value_t = 500)]
    limit: u32,
}

/// Carries out a command on cases.
pub async fn run(verb: &Verb, common: &Arguments) -> Result<(), Failure> {
    match verb {
        Verb::List(args) => list(args, common).await,
        Verb::Show { case } => show(case, common).await,
        Verb::Actions { case, actor } => actions::run(case, actor, common).await,
        Verb::Send(args) => send::send(args, common).await,
        Verb::SendAll(args) => Box::pin(send_all::run(args, common)).await,
        Verb::Open(args) => send::open(args, common).await,
        Verb::Retry { case } => retry(case, common).await,
        Verb::History { case } => {
            let desk = Desk::open(&common.store, common.lang).await?;
            let head = desk.case(case).await?;
            let entries = log::of_case(&desk.store, &head.case_id).await?;
            history(&desk, &head, &entries, common.lang)?.print(common.format, "")
        }
    }
}

async fn list(args: &ListArgs, common: &Arguments) -> Result<(), Failure> {
    let desk = Desk::open(&common.store, common.lang).await?;
    let open = if args.open || args.done { Some(args.open) } else { None };
    let words = match &args.find {
        Some(typed) => facts::names(&desk.store).await?.forms(typed),
        None => Vec::new(),
    };
    let filter = CaseFilter {
        chart: args.chart.clone(),
        stage: args.stage.clone(),
        subject_prefix: args.subject.clone(),
        parent_id: None,
        open,
        scopes: None,
        words,
    };
    let limit = i64::from(args.limit);
    let mut heads = cases::list(&desk.store, &filter, "", limit.saturating_add(1)).await?;
    let more = heads.len() > args.limit as usize;
    heads.truncate(args.limit as usize);
    let lang = common.lang;
    let mut rows = head_rows(lang);
    for head in &heads {
        rows.push(head_cells(&desk, head, lang));
    }
    rows.print(common.format, lang.pick("Không có hồ sơ nào.", "No cases."))?;
    if more {
        remark(&match lang {
            Lang::Vi => format!("Chỉ in {} hồ sơ đầu; còn nữa, dùng --limit.", args.limit),
            Lang::En => {
                format!("Only the first {} cases; there are more, use --limit.", args.limit)
            }
        });
    }
    Ok(())
}

fn head_rows(lang: Lang) -> Rows {
    Rows::new(&[
        ("case_id", lang.pick("Mã hồ sơ", "Case")),
        ("chart", lang.pick("Quy trình", "Chart")),
        ("subject", lang.pick("Đối tượng", "Subject")),
        ("stage", lang.pick("Giai đoạn", "Stage")),
        ("state", lang.pick("Trạng thái", "State")),
        ("decision", lang.pick("Lần quyết định", "Decision")),
        ("opened", lang.pick("Mở lúc", "Opened")),
        ("recorded", lang.pick("Ghi lần cuối", "Recorded")),
        ("done", lang.pick("Kết thúc", "Ended")),
    ])
}

fn head_cells(desk: &Desk, head: &Head, lang: Lang) -> Vec<Value> {
    // A case whose chart or snapshot cannot be read is listed all the same, by its bare states.
    let state = match (desk.chart(head), desk.snapshot(head)) {
        (Ok(chart), Ok(snapshot)) => place(chart, &snapshot.configuration, lang),
        _ => head.states.clone(),
    };
    vec![
        json!(head.case_id),
        json!(format!("{} v{}", head.chart, head.chart_version)),
        json!(head.subject),
        json!(head.stage),
        json!(state),
        json!(head.decision),
        json!(time(head.opened_at_ms)),
        json!(time(head.recorded_at_ms)),
        json!(head.done),
    ]
}

async fn show(case: &str, common: &Arguments) -> Result<(), Failure> {
    let lang = common.lang;
    let desk = Desk::open(&common.store, lang).await?;
    let head = desk.case(case).await?;
    let owed = tasks::of_case(&desk.store, &head.case_id).await?;
    let after = head.revision - i64::try_from(LAST_ENTRIES).unwrap_or(i64::MAX);
    let entries = log::list(&desk.store, &head.case_id, after.max(0), i64::MAX).await?;
    let mut fields = Rows::new(&[
        ("field", lang.pick("Mục", "Field")),
        ("value", lang.pick("Giá trị", "Value")),
    ]);
    let rows = head_rows(lang);
    for (heading, cell) in rows.headings.iter().zip(head_cells(&desk, &head, lang)) {
        fields.push(vec![json!(heading), cell]);
    }
    let states: Vec<String> = serde_json::from_str(&head.states).unwrap_or_default();
    let chart = desk.chart(&head);
    let titles = states.iter().map(|id| match &chart {
        Ok(chart) => format!("{} [{id}]", title_of(chart, id, lang)),
        Err(_) => id.clone(),
    });
    let titles = titles.collect::<Vec<_>>().join("; ");
    fields.push(vec![json!(lang.pick("Các trạng thái", "States")), json!(titles)]);
    fields.push(vec![json!(lang.pick("Hồ sơ mẹ", "Parent")), json!(head.parent_id)]);
    let owed = task_rows(&desk, &owed, lang);
    let entries = history(&desk, &head, &entries, lang)?;
    let personal = person::values(&desk, &head.case_id, lang).await?;
    if common.format == Format::Json {
        let mut rows = rows;
        rows.push(head_cells(&desk, &head, lang));
        let mut case = rows.json()[0].take();
        case["states"] = json!(states);
        case["parent_id"] = json!(head.parent_id);
        let (tasks, entries) = (owed.json(), entries.json());
        let personal = personal.json();
        let answer =
            json!({ "case": case, "tasks": tasks, "entries": entries, "personal": personal });
        return say(&format!("{answer:#}"));
    }
    fields.print(common.format, "")?;
    say("")?;
    owed.print(common.format, lang.pick("Không ai còn nợ việc gì.", "Nobody owes anything."))?;
    say("")?;
    entries.print(common.format, "")?;
    if personal.rows.is_empty() {
        return Ok(());
    }
    say("")?;
    personal.print(common.format, "")
}

async fn retry(case: &str, common: &Arguments) -> Result<(), Failure> {
    let desk = Desk::open(&common.store, common.lang).await?;
    let case_id = desk.case(case).await?.case_id;
    let timers = timers::revive(&desk.store, &case_id).await?;
    let messages = inbox::revive(&desk.store, &case_id).await?;
    remark(&match common.lang {
        Lang::Vi => format!("Chạy lại {timers} hẹn giờ và {messages} thông điệp."),
        Lang::En => format!("{timers} timers and {messages} messages run again"),
    });
    Ok(())
}

/// Tasks of one case.
fn task_rows(desk: &Desk, tasks: &[TaskRow], lang: Lang) -> Rows {
    let mut rows = Rows::new(&[
        ("title", lang.pick("Việc", "Task")),
        ("role", lang.pick("Vai trò", "Role")),
        ("unit", lang.pick("Đơn vị", "Unit")),
        ("due", lang.pick("Thời hạn", "Due")),
        ("due_date", lang.pick("Ngày đến hạn", "Due date")),
        ("working_days_left", lang.pick("Còn (ngày làm việc)", "Working days left")),
    ]);
    for task in tasks {
        let (due, left) = desk.due(task.due_date.as_deref(), lang);
        let units = desk.units(&task.role, &task.subject, &task.case_id);
        let units: Vec<&str> = units.iter().map(|unit| desk.name(unit)).collect();
        rows.push(vec![
            json!(task_title(task, lang)),
            json!(task.role),
            json!(units.join("; ")),
            due,
            json!(task.due_date),
            left,
        ]);
    }
    rows
}

/// The title of a task, with the element it is for.
pub fn task_title(task: &TaskRow, lang: Lang) -> String {
    let title: Value = serde_json::from_str(&task.title).unwrap_or_default();
    let text = title[lang.code()].as_str().filter(|text| !text.is_empty());
    let text = text.or(title["vi"].as_str()).unwrap_or(&task.state);
    // A later task of the same state has its position before the element.
    let element = element_of(task);
    if element.is_empty() { text.to_owned() } else { format!("{text} ({element})") }
}

fn history(desk: &Desk, head: &Head, entries: &[StoredEntry], lang: Lang) -> Result<Rows, Failure> {
    let chart = desk.chart(head)?;
    let mut rows = Rows::new(&[
        ("revision", lang.pick("Số", "No.")),
        ("recorded", lang.pick("Ghi lúc", "Recorded")),
        ("kind", lang.pick("Loại", "Kind")),
        ("event", lang.pick("Sự kiện", "Event")),
        ("title", lang.pick("Nội dung", "Title")),
        ("actor", lang.pick("Người gửi", "Actor")),
        ("states", lang.pick("Trạng thái sau đó", "States after")),
        ("hash", lang.pick("Mã băm", "Hash")),
    ]);
    for StoredEntry { entry, .. } in entries {
        let actor: Value = serde_json::from_str(&entry.actor).unwrap_or_default();
        let actor = actor["id"].as_str().unwrap_or_default();
        let title = chart.events.get(&entry.event).map(|event| event.title.get(lang.code()));
        let states: Vec<String> = serde_json::from_str(&entry.states).unwrap_or_default();
        rows.push(vec![
            json!(entry.revision),
            json!(time(entry.recorded_at_ms)),
            json!(entry.kind),
            json!(entry.event),
            json!(title),
            json!(actor),
            json!(states.join(" ")),
            json!(entry.hash.get(..12)),
        ]);
    }
    Ok(rows)
}
