//! The documentation that ships: every page can be found and every link leads somewhere.

use std::collections::BTreeSet;

use super::*;

fn documentation() -> &'static Documentation {
    Documentation::embedded().unwrap()
}

#[test]
fn questions_lead_to_the_section_that_answers_them() {
    for (query, expected) in [
        ("what does planned_and_finished mean", "/docs/runs#states"),
        ("how do I upload files", "/docs/configurations#upload-files"),
        ("approve a write", "/docs/plans-and-approvals#"),
        ("which variable value wins", "/docs/variables#which-value-wins"),
        ("set up claude code", "/docs/clients#set-up-a-client"),
        ("read the log of a run", "/docs/logs-and-diagnosis#read-the-log"),
        ("Error: No value for required variable", "/docs/terraform-errors#a-required-variable"),
        ("Error acquiring the state lock", "/docs/terraform-errors#the-state-is-locked"),
        ("cancel force", "/docs/runs#apply-discard-cancel"),
        ("tharsis tools", "/docs/tools#the-tharsis-surface"),
    ] {
        let hits = documentation().search(query, 2);
        let urls: Vec<&str> = hits.iter().map(|hit| hit.url.as_str()).collect();
        assert!(urls.iter().any(|url| url.starts_with(expected)), "{query}: {urls:?}");
    }
}

#[test]
fn results_are_ranked_bounded_and_complete() {
    let hits = documentation().search("run", 1000);
    assert!(hits.len() > 10 && hits.len() <= Documentation::MAX_LIMIT);
    assert!(hits.is_sorted_by(|a, b| a.relevance >= b.relevance));
    for hit in &hits {
        assert!(hit.relevance > 0.0 && hit.breadcrumbs.len() >= 2, "{hit:?}");
        assert_eq!(hit.section.is_some(), hit.url.contains('#'), "{hit:?}");
    }
    assert!(documentation().search("", 10).is_empty());
}

#[test]
fn pages_are_read_by_any_spelling_of_their_address() {
    for url in [
        "/docs/runs",
        "/docs/runs#states",
        "/docs/runs.md",
        "docs/runs/",
        " /docs/runs?x=1#y ",
        "https://pilothouse.example/docs/runs#states",
    ] {
        assert_eq!(documentation().page(url).unwrap().title, "Runs", "{url}");
    }
    for (url, hint) in
        [("/docs/rnus", "/docs/runs"), ("https://host", "there are"), ("../../etc", "there are")]
    {
        let error = documentation().page(url).unwrap_err();
        assert!(error.hint.as_deref().is_some_and(|it| it.contains(hint)), "{url}: {error}");
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut addresses = BTreeSet::new();
    for page in documentation().pages() {
        addresses.insert(page.url.clone());
        for section in markdown::outline(&page.content).unwrap().sections {
            if let Some(title) = section.title {
                let address = format!("{}#{}", page.url, markdown::anchor(&title));
                assert!(addresses.insert(address), "{}: {title:?} is there twice", page.url);
            }
        }
    }
    for page in documentation().pages() {
        for link in page.content.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            assert!(addresses.contains(link), "{} links to {link}", page.url);
        }
    }
}

#[test]
fn pages_stay_short() {
    for page in documentation().pages() {
        assert!(page.content.len() < 64 << 10, "{} has {} bytes", page.url, page.content.len());
    }
}

#[test]
fn a_page_without_a_title_is_refused() {
    let file = File { path: "docs/guide/x.md".to_owned(), text: "text".into() };
    let error = Documentation::read(vec![file]).unwrap_err().to_string();
    assert!(error.starts_with("docs/guide/x.md"), "{error}");
}
