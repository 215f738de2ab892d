//! Resolves the pagination styles of a platform.

use std::collections::BTreeMap;

use super::fault::Report;
use crate::{
    binding::{Binding, Place},
    pointer::Pointer,
    resource::{Argument, Paging},
    spec::{Arg, ArgType, Page, Platform},
};

#[derive(Debug)]
pub(crate) struct PageStyle {
    limit: Option<Place>,
    cursor: Place,
    paging: Paging,
}

pub(super) fn styles(report: &mut Report<'_>, platform: &Platform) -> BTreeMap<String, PageStyle> {
    platform
        .page
        .iter()
        .filter_map(|(name, page)| {
            let mut report = report.within("page");
            Some((name.clone(), style(&mut report.within(name), page)?))
        })
        .collect()
}

fn style(report: &mut Report<'_>, page: &Page) -> Option<PageStyle> {
    if page.default == 0 || page.default > page.max {
        report.fault("default must be at least 1 and at most max");
    }
    let kinds = [page.next.is_some(), page.first_page.is_some(), page.first_item.is_some()];
    if kinds.into_iter().filter(|is_given| *is_given).count() != 1 {
        report.fault(
            "needs either next, for cursors, first_page, for page numbers, or first_item, for item numbers",
        );
    }
    let mut pointer = |text: &Option<String>| -> Option<Option<Pointer>> {
        text.as_ref().map_or(Some(None), |text| report.keep(text.parse()).map(Some))
    };
    let (next, more, total) = (pointer(&page.next), pointer(&page.more), pointer(&page.total));
    let limit = page.limit.as_ref().map(|text| place(report, text));
    let cursor = place(report, &page.cursor);
    Some(PageStyle {
        limit: limit.map_or(Some(None), |place| place.map(Some))?,
        cursor: cursor?,
        paging: Paging {
            next: next?,
            more: more?,
            total: total?,
            first_page: page.first_page,
            first_item: page.first_item,
            default: page.default,
            max: page.max,
        },
    })
}

fn place(report: &mut Report<'_>, text: &str) -> Option<Place> {
    let place = report.keep(text.parse())?;
    if matches!(place, Place::Path | Place::Hook) {
        report.fault(format!("{text:?} cannot carry a page"));
    }
    Some(place)
}

impl PageStyle {
    pub(super) fn paging(&self) -> Paging {
        self.paging.clone()
    }

    /// The arguments every paged operation has; no limit where the platform sets it.
    pub(super) fn arguments(&self, binding: &Binding) -> Vec<(String, Argument)> {
        let place = |place: &Place| {
            if matches!(binding, Binding::Hook(_)) { Place::Hook } else { place.clone() }
        };
        let limit = self.limit.as_ref().map(|limit| {
            let spec = Arg {
                kind: ArgType::Integer,
                about: "How many to return at most".to_owned(),
                default: Some(toml::Value::Integer(whole(self.paging.default))),
                minimum: Some(1),
                maximum: Some(whole(self.paging.max)),
                ..Arg::default()
            };
            (Paging::LIMIT.to_owned(), Argument::new(spec, place(limit)))
        });
        let cursor = Arg {
            about: "Where to go on: the cursor that came with the previous page".to_owned(),
            ..Arg::default()
        };
        let cursor = (Paging::CURSOR.to_owned(), Argument::new(cursor, place(&self.cursor)));
        limit.into_iter().chain([cursor]).collect()
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
