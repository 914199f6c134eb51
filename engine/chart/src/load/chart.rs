//! Reading the top of a chart: its name and titles, its roles, its events, its data.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::definition::{EventDef, Place, RoleDef};
use crate::load::Files;
use crate::load::fields::{Fields, Reader};
use crate::load::node::{self, Node, Tree};
use crate::load::source::{Purpose, Scope};
use crate::problem::{Problem, ProblemKind};
use crate::schema::Schema;
use crate::spec::{ChartSpec, StateSpec};

/// Schemas by where the chart names them: the data, and the payload of each event.
#[derive(Debug, Default)]
pub(crate) struct Inlined {
    pub(crate) data: Option<Value>,
    pub(crate) payloads: BTreeMap<String, Value>,
}

impl Reader {
    /// The whole chart.
    pub(crate) fn chart(&mut self, root: &Node, files: &Files) -> (ChartSpec, Inlined) {
        let mut spec = ChartSpec::default();
        let mut inlined = Inlined::default();
        let Some(mut fields) = self.fields(root, "a chart") else {
            return (spec, inlined);
        };
        let name = fields.take("chart").map(|one| (self.name(one, false), one.place));
        let (name, place) = name.unwrap_or_else(|| {
            self.missing(root.place, "chart", "chart");
            (None, root.place)
        });
        spec.name = name.unwrap_or_else(|| "chart".to_owned());
        self.state.clone_from(&spec.name);
        match fields.take("version") {
            Some(version) => spec.version = self.count(version).unwrap_or(1),
            None => self.missing(root.place, "chart", "version"),
        }
        spec.title = self.title(&mut fields, place, &spec.name.clone());
        spec.basis = self.need_basis(&mut fields, place, &spec.name.clone());
        spec.subject = fields.take("subject").and_then(|one| self.name(one, false));
        if let Some(data) = fields.take("data") {
            self.source.data_place = fields.key_place("data");
            if let Some((schema, value)) = self.schema(data, files) {
                spec.data_schema = Some(schema);
                inlined.data = Some(value);
            }
        }
        self.top_roles(&mut fields, &mut spec);
        self.top_events(&mut fields, &mut spec, &mut inlined, files);
        spec.root = self.root(&mut fields, &spec, place);
        fields.finish(self);
        (spec, inlined)
    }

    fn root(&mut self, fields: &mut Fields<'_>, spec: &ChartSpec, place: Place) -> StateSpec {
        let mut root = StateSpec {
            id: spec.name.clone(),
            title: spec.title.clone(),
            basis: spec.basis.clone(),
            place,
            ..StateSpec::default()
        };
        root.initial = fields.take("initial").and_then(|one| self.initial(one));
        match fields.take("states") {
            Some(states) => root.children = self.states(states),
            None => self.missing(place, "chart", "states"),
        }
        self.fill_rungs(&mut root, &[]);
        root
    }

    fn top_roles(&mut self, fields: &mut Fields<'_>, spec: &mut ChartSpec) {
        let Some(roles) = fields.take("roles") else { return };
        for (key, node) in self.ordered(roles) {
            if !self.check_name(&key.text, key.place, false) {
                continue;
            }
            let Some(mut role) = self.fields(node, "a role") else { continue };
            let title = self.title(&mut role, key.place, &key.text);
            let holders = role.take("holders").and_then(|one| self.expr(one, Purpose::List));
            role.finish(self);
            spec.roles.insert(key.text.clone(), RoleDef { title, holders, place: key.place });
        }
    }

    fn top_events(
        &mut self,
        fields: &mut Fields<'_>,
        spec: &mut ChartSpec,
        inlined: &mut Inlined,
        files: &Files,
    ) {
        let Some(events) = fields.take("events") else { return };
        for (key, node) in self.ordered(events) {
            if !self.check_name(&key.text, key.place, true) {
                continue;
            }
            let Some(mut event) = self.fields(node, "an event") else { continue };
            let title = self.title(&mut event, key.place, &key.text);
            let machine = event.take("machine").is_some_and(|one| self.flag(one));
            let basis = match event.take("basis") {
                None if machine => None,
                _ => self.need_basis(&mut event, key.place, &key.text),
            };
            let payload = event.take("payload").and_then(|one| {
                self.source.payload_places.insert(key.text.clone(), one.place);
                let (schema, value) = self.schema(one, files)?;
                inlined.payloads.insert(key.text.clone(), value);
                Some(schema)
            });
            event.finish(self);
            let place = key.place;
            spec.events
                .insert(key.text.clone(), EventDef { title, basis, payload, machine, place });
        }
    }

    /// A schema: the name of a file beside the chart, or written in place.
    fn schema(&mut self, node: &Node, files: &Files) -> Option<(Schema, Value)> {
        self.scope = Some(Scope::NoEvent);
        let (file, value) = match &node.tree {
            Tree::Map(_) => (String::new(), node.clone()),
            Tree::Text(name) => {
                let path = beside(&self.source.path, name);
                let Some(text) = files.get(&path) else {
                    self.report(
                        ProblemKind::MissingFile,
                        node.place,
                        name,
                        format!("không có tệp `{path}`"),
                        format!("there is no file `{path}`"),
                    );
                    return None;
                };
                match node::parse(text) {
                    Ok(parsed) => (path, parsed),
                    Err(error) => {
                        self.report_in(&path, error.place, ProblemKind::YamlSyntax, &error.message);
                        return None;
                    }
                }
            }
            _ => {
                self.wrong(node, "tên tệp hoặc JSON Schema", "a file name or a JSON Schema");
                return None;
            }
        };
        let json = value.to_value();
        match Schema::compile(&json) {
            Ok(schema) => Some((schema, json)),
            Err(error) => {
                let place = value.pointed(&error.pointer).place;
                self.report_in(&file, place, ProblemKind::BadSchema, &error.to_string());
                None
            }
        }
    }

    fn report_in(&mut self, file: &str, place: Place, kind: ProblemKind, message: &str) {
        let mut problem =
            Problem::new(kind, place, "", format!("không đọc được: {message}"), message.to_owned());
        file.clone_into(&mut problem.file);
        self.problems.push(problem);
    }
}

/// The path of the file `name` in the folder of `path`.
fn beside(path: &str, name: &str) -> String {
    match path.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{name}"),
        None => name.to_owned(),
    }
}
