//! The document of the API for machines and for people, and the pages that problems lead to.
//!
//! The page is made from the same document that programs read, and needs nothing from anywhere else.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde_json::Value;

use super::codes::Code;
use super::{BASE, document};
use crate::cli::Lang;
use crate::web::page::Page;
use crate::web::trouble::Trouble;
use crate::web::{Site, signing};

/// The OpenAPI document.
pub(in crate::web) async fn openapi(headers: HeaderMap) -> Response {
    let text = document::whole(super::caller::language(&headers)).to_string();
    ([(header::CONTENT_TYPE, "application/json"), (header::VARY, "accept-language")], text)
        .into_response()
}

/// The document as a page.
pub(in crate::web) async fn page(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let lang = signing::language(&headers);
    let document = document::whole(lang);
    let title = lang.pick("Giao diện lập trình (API)", "The API");
    Page::outside(&site, lang, title).show(&html! {
        h1 class="govuk-heading-l app-title" { (title) }
        div class="app-card" {
            p class="govuk-body" { (ticked(document["info"]["description"].as_str().unwrap_or_default())) }
            p class="govuk-body" {
                (lang.pick("Tài liệu cho máy đọc (OpenAPI 3.1): ", "For machines (OpenAPI 3.1): "))
                a class="govuk-link" href="/api/openapi.json" { "/api/openapi.json" }
            }
            (contents(document, lang))
        }
        @for (path, method, operation) in operations(document) {
            (told(document, path, method, operation, lang))
        }
        (problems(lang))
    })
}

/// Every operation with its path and method, in the order in which a newcomer needs them.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let mut all: Vec<(&str, &str, &Value)> = paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .collect();
    all.sort_by_key(|(.., operation)| document::place_of(id_of(operation)));
    all
}

fn id_of(operation: &Value) -> &str {
    operation["operationId"].as_str().unwrap_or_default()
}

fn summary(operation: &Value) -> Markup {
    ticked(operation["summary"].as_str().unwrap_or_default())
}

fn contents(document: &Value, lang: Lang) -> Markup {
    html! {
        nav aria-label=(lang.pick("Các thao tác", "Operations")) {
            ul class="govuk-list app-operations" {
                @for (path, method, operation) in operations(document) {
                    li {
                        a class="govuk-link" href=(format!("#{}", id_of(operation))) {
                            code { (method.to_uppercase()) " " (BASE) (path) }
                        }
                        span class="app-muted" { (summary(operation)) }
                    }
                }
            }
        }
    }
}

/// One operation: what it does, what it takes, what it answers, and how to call it.
fn told(document: &Value, path: &str, method: &str, operation: &Value, lang: Lang) -> Markup {
    let id = id_of(operation);
    let scopes = operation["x-scopes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    html! {
        section class="app-card" aria-labelledby=(id) {
            h2 class="govuk-heading-m" id=(id) { (summary(operation)) }
            p class="govuk-body" { code class="app-route" { (method.to_uppercase()) " " (BASE) (path) } }
            @if let Some(words) = operation["description"].as_str() {
                p class="govuk-body" { (ticked(words)) }
            }
            p class="govuk-body-s app-muted" {
                (lang.pick("Phạm vi của mã truy cập: ", "Scope of the token: "))
                @for (at, scope) in scopes.enumerate() {
                    @if at > 0 { (lang.pick(" hoặc ", " or ")) }
                    code { (scope) }
                }
            }
            @if !parameters.is_empty() { (taken(parameters, id, lang)) }
            @if let Some(body) = example_of(document, &operation["requestBody"]) {
                h3 class="govuk-heading-s" { (lang.pick("Nội dung gửi", "Body")) }
                (example(&body, lang.pick("Nội dung gửi", "Body")))
            }
            (answers(document, operation, id, lang))
            h3 class="govuk-heading-s" { (lang.pick("Gọi thử", "Try it")) }
            pre class="app-code-block" tabindex="0" role="region"
                aria-label=(format!("curl: {id}")) {
                code { (curl(document, path, method, operation)) }
            }
        }
    }
}

fn taken(parameters: &[Value], id: &str, lang: Lang) -> Markup {
    let heads = [
        lang.pick("Tham số", "Parameter"),
        lang.pick("Ở đâu", "Where"),
        lang.pick("Ý nghĩa", "What it is"),
    ];
    let place = |parameter: &Value| match parameter["in"].as_str() {
        Some("path") => lang.pick("địa chỉ", "path"),
        Some("header") => lang.pick("tiêu đề", "header"),
        _ => lang.pick("truy vấn", "query"),
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let label = format!("{}: {id}", lang.pick("Tham số", "Parameters"));
    html! {
        h3 class="govuk-heading-s" { (lang.pick("Tham số", "Parameters")) }
        div class="app-scroll" tabindex="0" role="region" aria-label=(label) {
            table class="app-table app-stack" {
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody {
                    @for parameter in parameters {
                        tr {
                            td { code { (text(&parameter["name"])) } }
                            td {
                                (place(parameter))
                                @if parameter["required"] == true { (lang.pick(", bắt buộc", ", required")) }
                            }
                            td {
                                (ticked(&text(&parameter["description"])))
                                @if let Some(example) = given(parameter) {
                                    " " (lang.pick("Ví dụ ", "Such as ")) code { (example) } "."
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn answers(document: &Value, operation: &Value, id: &str, lang: Lang) -> Markup {
    let responses = operation["responses"].as_object().into_iter().flatten();
    let done = example_of(document, &operation["responses"]["200"]);
    let label = format!("{}: {id}", lang.pick("Trả lời", "Answers"));
    html! {
        h3 class="govuk-heading-s app-gap" { (lang.pick("Trả lời", "Answers")) }
        div class="app-scroll" tabindex="0" role="region" aria-label=(label) {
            table class="app-table" {
                thead { tr {
                    th scope="col" { (lang.pick("Mã", "Status")) }
                    th scope="col" { (lang.pick("Khi nào", "When")) }
                } }
                tbody {
                    @for (status, response) in responses {
                        tr {
                            td { code class="app-status" { (status) } }
                            td { (ticked(response["description"].as_str().unwrap_or_default())) }
                        }
                    }
                }
            }
        }
        @if let Some(done) = done {
            p class="govuk-body-s app-gap" { (lang.pick("Ví dụ của 200:", "An example of 200:")) }
            (example(&done, &format!("200: {id}")))
        }
    }
}

fn example(value: &Value, label: &str) -> Markup {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    html! {
        pre class="app-code-block" tabindex="0" role="region" aria-label=(label) { code { (text) } }
    }
}

/// The example of a body: its own, else one put together from its schema.
fn example_of(document: &Value, body: &Value) -> Option<Value> {
    let content = body["content"].as_object()?.values().next()?;
    let own = content.get("example").cloned();
    own.or_else(|| Some(sample(document, &content["schema"], 0)))
}

/// A value that fits `schema`, from the examples in it.
fn sample(document: &Value, schema: &Value, depth: usize) -> Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|at| at.rsplit('/').next()) {
        return sample(document, &document["components"]["schemas"][name], depth + 1);
    }
    if let Some(own) = schema.get("example") {
        return own.clone();
    }
    if depth > 8 {
        return Value::Null;
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = serde_json::Map::new();
        for part in parts {
            if let Value::Object(members) = sample(document, part, depth + 1) {
                whole.extend(members);
            }
        }
        return Value::Object(whole);
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let one = choices.iter().find(|one| one["type"] != "null");
        return one.map_or(Value::Null, |one| sample(document, one, depth + 1));
    }
    if let Some(members) = schema["properties"].as_object() {
        let member =
            |(name, one): (&String, &Value)| (name.clone(), sample(document, one, depth + 1));
        return Value::Object(members.iter().map(member).collect());
    }
    let kind = schema["type"].as_array().map_or(&schema["type"], |kinds| &kinds[0]);
    match kind.as_str() {
        Some("array") => Value::Array(vec![sample(document, &schema["items"], depth + 1)]),
        Some("integer" | "number") => 1.into(),
        Some("boolean") => true.into(),
        Some("string") => match schema["format"].as_str() {
            Some("date-time") => "2022-11-15T00:00:00+07:00".into(),
            Some("uuid") => "6a9fd4a5-893f-5437-af11-acd093e07302".into(),
            _ => "…".into(),
        },
        Some("object") => Value::Object(serde_json::Map::new()),
        _ => Value::Null,
    }
}

/// The example of a parameter as a text.
fn given(parameter: &Value) -> Option<String> {
    let own = parameter.get("example").or(parameter["schema"].get("example"))?;
    Some(own.as_str().map_or_else(|| own.to_string(), str::to_owned))
}

/// A line for a shell that calls an operation.
fn curl(document: &Value, path: &str, method: &str, operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let (mut address, mut line) = (format!("{BASE}{path}"), "curl".to_owned());
    if method != "get" {
        line.push_str(&format!(" -X {}", method.to_uppercase()));
    }
    line.push_str(" -H \"Authorization: Bearer $COTMOC_TOKEN\"");
    for parameter in parameters {
        let name = parameter["name"].as_str().unwrap_or_default();
        let value = given(parameter);
        match parameter["in"].as_str() {
            Some("path") => {
                let case = "6a9fd4a5-893f-5437-af11-acd093e07302".to_owned();
                address = address.replace(&format!("{{{name}}}"), &value.unwrap_or(case));
            }
            Some("header") if parameter["required"] == true => {
                line.push_str(&format!(" -H '{name}: {}'", value.unwrap_or_default()));
            }
            _ => {}
        }
    }
    if let Some(body) = example_of(document, &operation["requestBody"]) {
        line.push_str(&format!(" -H 'Content-Type: application/json' -d '{body}'"));
    }
    format!("{line} \"$COTMOC_URL{address}\"")
}

fn problems(lang: Lang) -> Markup {
    html! {
        section class="app-card" aria-labelledby="problems" {
            h2 class="govuk-heading-m" id="problems" { (lang.pick("Các lỗi", "Problems")) }
            ul class="govuk-list" {
                @for code in Code::all() {
                    li {
                        code { (code.status().as_u16()) } " "
                        a class="govuk-link" href=(format!("/api/problems/{}", code.word())) { (code.word()) }
                        ": " (code.title().get(lang.code()))
                    }
                }
            }
        }
    }
}

/// What one kind of problem means and what to do.
pub(in crate::web) async fn problem(
    State(site): State<Arc<Site>>,
    Path(word): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let lang = signing::language(&headers);
    let code = Code::of_word(&word).ok_or(Trouble::Nothing)?;
    let title = code.title().get(lang.code()).to_owned();
    Ok(Page::outside(&site, lang, title.clone()).show(&html! {
        div class="app-card app-narrow" {
            h1 class="govuk-heading-l" { (title) }
            p class="govuk-body" {
                (lang.pick("Mã lỗi ", "Code ")) code { (code.word()) } ", "
                (lang.pick("trạng thái ", "status ")) code { (code.status().as_u16()) } "."
            }
            p class="govuk-body" { (ticked(code.meaning().get(lang.code()))) }
            p class="govuk-body" {
                a class="govuk-link" href="/api/docs" { (lang.pick("Tài liệu API", "The API")) }
            }
        }
    }))
}

/// Words in which what stands between backticks is code.
fn ticked(words: &str) -> Markup {
    html! {
        @for (at, part) in words.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
