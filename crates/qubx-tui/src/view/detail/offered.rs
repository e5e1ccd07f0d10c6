//! What the strategy offers: a parameter, an action.

use qubx_protocol::{Action, Parameter};
use ratatui::text::Line;

use super::named;
use crate::app::App;
use crate::facts::Facts;
use crate::sanitize;
use crate::tables::published;

pub(super) fn parameter_lines(app: &App, name: &str) -> Vec<Line<'static>> {
    let parameters = app.mirror.status().map_or(&[][..], |status| &status.strategy.parameters);
    let Some(Parameter { kind, value, default, .. }) =
        parameters.iter().find(|parameter| parameter.name == name)
    else {
        return vec![Line::styled(" The strategy has no such parameter any more.", app.theme.quiet())];
    };
    vec![
        named(app, "kind", kind.clone()),
        named(app, "now", published::json(value)),
        named(app, "by itself", published::json(default)),
        Line::default(),
        Line::styled(
            format!("  qubx set {} {}=VALUE", session(app), sanitize::plain(name)),
            app.theme.label(),
        ),
    ]
}

pub(super) fn action_lines(app: &App, name: &str) -> Vec<Line<'static>> {
    let actions = app.mirror.status().map_or(&[][..], |status| &status.strategy.actions);
    let Some(Action { description, dangerous, parameters, .. }) =
        actions.iter().find(|action| action.name == name)
    else {
        return vec![Line::styled(" The strategy has no such action any more.", app.theme.quiet())];
    };
    let mut lines = vec![named(app, "does", description.clone())];
    lines.push(named(app, "asks first", if *dangerous { "yes" } else { "no" }));
    for parameter in parameters {
        let default = match &parameter.default {
            Some(default) => format!("{}, else {}", parameter.kind, published::json(default)),
            None => format!("{}, must be given", parameter.kind),
        };
        lines.push(named(app, &sanitize::plain(&parameter.name), default));
    }
    lines.push(Line::default());
    lines.push(Line::styled(
        format!("  qubx action {} {}", session(app), sanitize::plain(name)),
        app.theme.label(),
    ));
    lines
}

fn session(app: &App) -> String {
    app.mirror.info().map_or_else(|| "NAME".to_owned(), |info| sanitize::plain(&info.strategy_name))
}
