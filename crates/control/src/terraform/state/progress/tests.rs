//! Stories of runs, and a walk through everything that can happen.

use std::collections::HashSet;

use super::*;

const CHANGES: Event = Event::Finished { has_changes: true };
const NO_CHANGES: Event = Event::Finished { has_changes: false };

/// The run's status after each event; the last word may be `refused`.
fn story(speculative: bool, auto_apply: bool, events: &[Event]) -> String {
    let mut progress = Progress::new(speculative, auto_apply);
    let mut words = vec![progress.run().as_str()];
    for event in events {
        match progress.advance(*event) {
            Ok(next) => {
                progress = next;
                words.push(progress.run().as_str());
            }
            Err(_) => words.push("refused"),
        }
    }
    words.join(" ")
}

#[test]
fn stories() {
    use Event::{
        Admitted, ApplyRequested, Canceled, Discarded, Failed, RetryRequested, Started, Undiscarded,
    };
    let cases: &[(bool, bool, &[Event], &str)] = &[
        (
            false,
            false,
            &[Admitted, Started, CHANGES, ApplyRequested, Admitted, Started, CHANGES],
            "queuing plan_queued planning planned queuing_apply apply_queued applying applied",
        ),
        (
            false,
            true,
            &[Admitted, Started, CHANGES, Admitted, Started, Failed, RetryRequested, Admitted],
            "queuing plan_queued planning queuing_apply apply_queued applying errored \
             queuing_apply apply_queued",
        ),
        (
            false,
            true,
            &[Admitted, Started, NO_CHANGES, ApplyRequested],
            "queuing plan_queued planning planned_and_finished refused",
        ),
        (
            true,
            true,
            &[Admitted, Started, CHANGES, ApplyRequested, RetryRequested],
            "queuing plan_queued planning planned_and_finished refused refused",
        ),
        (
            false,
            false,
            &[Admitted, Failed, ApplyRequested, RetryRequested, Admitted, Started, CHANGES],
            "queuing plan_queued errored refused queuing plan_queued planning planned",
        ),
        (
            false,
            false,
            &[Admitted, Started, CHANGES, Discarded, Canceled, Undiscarded, Canceled],
            "queuing plan_queued planning planned discarded refused planned canceled",
        ),
        (false, false, &[Canceled, Canceled], "queuing canceled refused"),
        (
            false,
            false,
            &[Admitted, Started, NO_CHANGES, Undiscarded],
            "queuing plan_queued planning planned_and_finished refused",
        ),
    ];
    for (speculative, auto_apply, events, expected) in cases {
        assert_eq!(story(*speculative, *auto_apply, events), *expected);
    }
}

#[test]
fn a_refusal_names_the_status_and_the_rule() {
    let refused = Progress::new(true, false).advance(Event::ApplyRequested).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the run is queuing: a speculative run is never applied; create a run that is not \
         speculative"
    );
}

/// Every status that any sequence of events leads to, checked step by step against the tables.
#[test]
fn no_event_breaks_the_tables() {
    const EVENTS: [Event; 10] = [
        Event::Admitted,
        Event::Started,
        CHANGES,
        NO_CHANGES,
        Event::Failed,
        Event::Canceled,
        Event::ApplyRequested,
        Event::Discarded,
        Event::Undiscarded,
        Event::RetryRequested,
    ];
    let mut seen = HashSet::new();
    let mut open: Vec<Progress> = [(false, false), (false, true), (true, false)]
        .map(|(speculative, auto_apply)| Progress::new(speculative, auto_apply))
        .to_vec();
    let mut runs = HashSet::new();
    while let Some(from) = open.pop() {
        if !seen.insert(from) {
            continue;
        }
        runs.insert(from.run());
        for event in EVENTS {
            let Ok(to) = from.step(event) else { continue };
            assert!(from.may_become(to), "{from:?} {event:?} {to:?}");
            open.push(to);
        }
    }
    let unseen: Vec<_> = RunStatus::ALL.iter().filter(|status| !runs.contains(status)).collect();
    assert_eq!(unseen, [&RunStatus::Pending], "a run leaves pending before anyone sees it");
}
