//! A run for programs: each event as one line of JSON on stdout.

use evenkeel_core::event::Event;

use super::Reporter;
use crate::out::Ui;

/// Writes every event as it is.
pub struct JsonEvents;

impl Reporter for JsonEvents {
    fn event(&mut self, event: &Event, ui: &mut Ui) {
        // An event is plain data with string keys, so it always has a JSON form.
        let event = serde_json::to_value(event).expect("an event is plain data");
        ui.out.json(&event);
    }
}
