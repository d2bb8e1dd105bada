//! Puts the request's id on every event of it, without a span for each request.
use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Json, Writer},
    },
    registry::LookupSpan,
};

use crate::request_id::RequestId;

/// A format whose lines bear the id of the request they belong to: as a field in JSON, before the line in text.
pub(super) struct WithRequestId<F>(pub(super) F);

/// How a format takes the id in.
pub(super) trait Bears {
    /// Whether its lines are JSON objects.
    const JSON: bool;
}

impl<T> Bears for tracing_subscriber::fmt::format::Format<Json, T> {
    const JSON: bool = true;
}

impl<T> Bears for tracing_subscriber::fmt::format::Format<tracing_subscriber::fmt::format::Compact, T> {
    const JSON: bool = false;
}

impl<S, N, F> FormatEvent<S, N> for WithRequestId<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N> + Bears,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(id) = RequestId::current() else { return self.0.format_event(context, writer, event) };
        if !F::JSON {
            write!(writer, "[{}] ", id.as_str())?;
            return self.0.format_event(context, writer, event);
        }
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        // The id needs no escaping: only letters, digits, dots, underscores and hyphens are let in.
        match line.trim_end().strip_suffix('}') {
            Some(object) => writeln!(writer, r#"{object},"request_id":"{}"}}"#, id.as_str()),
            None => writer.write_str(&line),
        }
    }
}
