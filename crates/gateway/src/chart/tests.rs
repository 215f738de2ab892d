//! Every chart as SVG, and the bounds of what is drawn.

use super::*;

const MINUTE: u64 = 60_000;

fn row(label: &str, is_step: bool, status: Status, start: u64, end: u64) -> Row {
    let (start_ms, end_ms) = (Some(1_000_000 + start * 1_000), Some(1_000_000 + end * 1_000));
    Row { label: label.into(), is_step, status, start_ms, end_ms }
}

fn timeline() -> Chart {
    let failed = Status::Failed;
    let ok = Status::Succeeded;
    let never = Row {
        start_ms: None,
        end_ms: None,
        ..row("Smoke test in production", false, Status::Skipped, 0, 0)
    };
    Chart::Timeline(Timeline {
        title: "Deploy the payment service".into(),
        subtitle: "Bq2nZ8rFQ-6 · Failed · 12m 40s · 4 stages".into(),
        rows: vec![
            row("Build and push", false, ok, 0, 252),
            row("Clone", true, ok, 2, 9),
            row("Unit tests", true, ok, 10, 160),
            row("Build the image and push it to the registry", true, ok, 161, 250),
            row("Security scan", false, ok, 252, 330),
            row("Deploy to production <eu-west-1 & us-east-1>", false, failed, 330, 760),
            row("Fetch files", true, ok, 331, 350),
            row("Rolling deployment", true, failed, 351, 700),
            row("Rollback", true, ok, 701, 759),
            never,
        ],
    })
}

fn flow() -> Chart {
    let node = |name: &str, status, minutes: u64, steps| Node {
        name: name.into(),
        status,
        duration_ms: (minutes > 0).then_some(minutes * MINUTE),
        steps,
    };
    let ok = Status::Succeeded;
    Chart::Flow(Flow {
        title: "Deploy the payment service".into(),
        subtitle: "Bq2nZ8rFQ-6 · Running · 7 stages".into(),
        groups: vec![
            vec![node("Build and push", ok, 4, 6)],
            vec![
                node("Unit tests", ok, 3, 2),
                node("Security scan", Status::Expired, 9, 4),
                node("Licences", ok, 1, 1),
            ],
            vec![node("Deploy to staging", ok, 6, 5)],
            vec![node("Approve production", Status::Waiting, 0, 1)],
            vec![node("Deploy to production eu", Status::Running, 2, 5)],
            vec![node("Smoke", Status::Queued, 0, 2), node("Load", Status::Failed, 1, 2)],
            vec![node("Clean up", Status::Skipped, 0, 0), node("Tell", Status::Aborted, 0, 0)],
        ],
    })
}

fn health(runs: usize) -> Chart {
    let statuses =
        [Status::Succeeded, Status::Failed, Status::Running, Status::Succeeded, Status::Aborted];
    let card = |label: &str, value, status| Card { label: label.into(), value, status };
    Chart::Health(Health {
        title: "default / payments".into(),
        subtitle: "Health of the project's pipelines".into(),
        level: if runs == 0 { Level::Healthy } else { Level::Degraded },
        cards: vec![
            card("failed executions", 14, Some(Status::Failed)),
            card("running now", 2, Some(Status::Running)),
            card("executions in all", 1_284, None),
        ],
        recent: statuses.into_iter().cycle().take(runs).collect(),
    })
}

fn ring(slices: usize) -> Chart {
    let counts = [
        ("Success", 61, Status::Succeeded),
        ("Failed", 17, Status::Failed),
        ("Aborted", 9, Status::Aborted),
        ("Running", 4, Status::Running),
        ("ApprovalWaiting", 2, Status::Waiting),
        ("Expired", 1, Status::Expired),
    ];
    let slice = |(label, value, status): (&str, u64, Status)| Slice {
        label: label.into(),
        value,
        status: Some(status),
    };
    Chart::Ring(Ring {
        title: "Executions by status".into(),
        subtitle: "94 listed executions".into(),
        slices: counts.into_iter().take(slices).map(slice).collect(),
        unit: "executions".into(),
    })
}

fn bars(count: u64) -> Chart {
    let names = ["deploy-payments", "build-checkout-frontend-and-publish-it", "nightly", "infra"];
    let bar = |index: u64| Bar {
        label: match names.get(usize::try_from(index).unwrap()) {
            Some(name) => (*name).to_owned(),
            None => format!("pipeline-{index:02}"),
        },
        value: 60 / (index + 1) + 1,
    };
    Chart::Bars(Bars {
        title: "Executions by pipeline".into(),
        subtitle: "100 listed executions".into(),
        bars: (0..count).map(bar).collect(),
    })
}

fn series() -> Chart {
    let day = |number: u64| Day {
        date: if number < 11 {
            format!("2026-10-{}", number + 21)
        } else {
            format!("2026-11-{:02}", number - 10)
        },
        counts: vec![
            (Status::Succeeded, if number % 7 > 4 { 0 } else { number * 5 % 13 }),
            (Status::Running, u64::from(number == 30)),
            (Status::Failed, number * 3 % 4),
        ],
    };
    Chart::Series(Series {
        title: "Executions by day".into(),
        subtitle: "2026-10-21 to 2026-11-20, UTC".into(),
        days: (0..31).map(day).collect(),
    })
}

fn architecture() -> Chart {
    let step = |name: &str, kind: &str| Step {
        name: name.into(),
        kind: kind.into(),
        timeout: Some("10m".into()),
    };
    let group =
        |name: &str, steps: Vec<Step>, is_rollback| Group { name: name.into(), steps, is_rollback };
    let many = (0..15).map(|number| step(&format!("Check {number}"), "Run")).collect();
    let stage = |name: &str, kind: &str, groups, parallel| Stage {
        name: name.into(),
        kind: kind.into(),
        facts: vec![],
        groups,
        parallel,
    };
    let mut deploy = stage(
        "Deploy to production",
        "Deployment",
        vec![
            group("Steps", vec![step("Rolling deployment", "K8sRollingDeploy")], false),
            group("Rollback", vec![step("Roll back", "K8sRollingRollback")], true),
        ],
        false,
    );
    deploy.facts = vec![
        ("Service".into(), "payments".into()),
        ("Environment".into(), "production".into()),
        ("On failure".into(), "StageRollback".into()),
    ];
    Chart::Architecture(Architecture {
        title: "Deploy the payment service".into(),
        subtitle: "4 stages · 18 steps".into(),
        stages: vec![
            stage("Build", "CI", vec![group("Steps", many, false)], false),
            stage("Scan", "SecurityTests", vec![], true),
            stage("A person says yes", "Approval", vec![], false),
            deploy,
        ],
    })
}

fn samples() -> Vec<(&'static str, Chart)> {
    vec![
        ("timeline", timeline()),
        ("flow", flow()),
        ("health", health(24)),
        ("health_empty", health(0)),
        ("ring", ring(6)),
        ("ring_of_one", ring(1)),
        ("ring_empty", ring(0)),
        ("bars", bars(6)),
        ("bars_many", bars(40)),
        ("series", series()),
        ("architecture", architecture()),
    ]
}

#[test]
fn every_chart_is_drawn_as_before() {
    for (name, chart) in samples() {
        insta::assert_snapshot!(name, chart.svg());
    }
}

#[test]
fn summaries_say_what_the_charts_show() {
    let said: Vec<_> =
        samples().iter().map(|(name, chart)| format!("{name}\n{}", chart.summary())).collect();
    insta::assert_snapshot!("summaries", said.join("\n\n"));
}

/// `CHART_FOLDER=/tmp/charts` keeps the pictures, to look at them.
#[test]
fn every_chart_becomes_a_picture_within_bounds() {
    let folder = option_env!("CHART_FOLDER");
    for (name, chart) in samples() {
        let image = render(&chart).unwrap();
        assert!(image.png.starts_with(b"\x89PNG\r\n"), "{name}");
        assert!(image.png.len() <= MAX_PNG, "{name}: {image:?}");
        assert!(image.width >= 800 && image.width * image.height <= 4_000_000, "{name}: {image:?}");
        if let Some(folder) = folder {
            std::fs::write(format!("{folder}/{name}.png"), &image.png).unwrap();
        }
    }
}

#[test]
fn charts_of_too_much_stay_within_bounds() {
    let long = "x".repeat(10_000);
    let row = |index: u64| row(&long, index % 2 == 1, Status::Running, index, index + 5);
    let node = || Node { name: long.clone(), status: Status::Failed, duration_ms: None, steps: 9 };
    let step = || Step { name: long.clone(), kind: long.clone(), timeout: None };
    let group = || Group {
        name: long.clone(),
        steps: (0..20).map(|_| step()).collect(),
        is_rollback: false,
    };
    let stage = || Stage {
        name: long.clone(),
        kind: long.clone(),
        facts: vec![],
        groups: (0..9).map(|_| group()).collect(),
        parallel: false,
    };
    let (title, subtitle) = (long.clone(), long.clone());
    let charts = [
        Chart::Timeline(Timeline { title, subtitle, rows: (0..300).map(row).collect() }),
        Chart::Flow(Flow {
            title: long.clone(),
            subtitle: String::new(),
            groups: (0..30).map(|_| (0..15).map(|_| node()).collect()).collect(),
        }),
        Chart::Architecture(Architecture {
            title: long.clone(),
            subtitle: String::new(),
            stages: (0..20).map(|_| stage()).collect(),
        }),
        bars(500),
    ];
    for chart in charts {
        let svg = chart.svg();
        assert!(svg.len() < 300_000, "{} bytes", svg.len());
        assert!(svg.contains("more"), "what is left out is said");
        let image = render(&chart).unwrap();
        assert!(image.width >= 800, "as large as can be read: {image:?}");
        assert!(image.png.len() <= MAX_PNG, "{image:?}");
    }
}

/// Of a long run, the first stages are not what matters.
#[test]
fn what_is_wrong_is_shown_whatever_is_left_out() {
    let status = |index| if index == 98 { Status::Failed } else { Status::Succeeded };
    let node = |index: usize| Node {
        name: format!("Stage {index}"),
        status: status(index),
        duration_ms: None,
        steps: 1,
    };
    let stage = |index: usize| {
        let at = u64::try_from(index).unwrap();
        let step =
            Row { is_step: true, ..row(&format!("Step {index}"), true, status(index), at, at) };
        [Row { label: format!("Stage {index}"), is_step: false, ..step.clone() }, step]
    };
    let (title, subtitle) = ("Long".to_owned(), String::new());
    let groups = (0..100).map(|index| vec![node(index)]).collect();
    let flow = Chart::Flow(Flow { title: title.clone(), subtitle: subtitle.clone(), groups });
    let rows = (0..100).flat_map(stage).collect();
    let timeline = Chart::Timeline(Timeline { title, subtitle, rows });
    for (chart, expected) in
        [(flow, vec!["Stage 98", "Stage 0"]), (timeline, vec!["Stage 98", "Step 98"])]
    {
        let (svg, summary) = (chart.svg(), chart.summary());
        assert!(expected.iter().all(|it| svg.contains(&format!(">{it}<"))), "{svg}");
        assert!(!svg.contains(">Stage 60<") && svg.contains("more"), "{svg}");
        assert!(summary.contains("Stage 98") && summary.contains("failed"), "{summary}");
    }
}

#[test]
fn foreign_text_cannot_leave_its_place() {
    let svg = timeline().svg();
    assert!(svg.contains("-east-1&gt;"), "{svg}");
    assert!(!svg.contains("-1>"));
}

/// What is much is still written inside of the picture; what is not there is not drawn.
#[test]
fn large_counts_and_zeroes_are_told_as_they_are() {
    const STATUSES: [Status; 6] = [
        Status::Succeeded,
        Status::Running,
        Status::Waiting,
        Status::Aborted,
        Status::Expired,
        Status::Failed,
    ];
    let counts = STATUSES.map(|status| (status, 123_456_789)).to_vec();
    let days = vec![Day { date: "2026-11-21".into(), counts }];
    let (title, subtitle) = (String::from("Much"), String::new());
    let much = Chart::Series(Series { title, subtitle, days }).svg();
    let starts = much.split("<text x=\"").skip(1).filter_map(|rest| rest.split_once('"'));
    let starts: Vec<f64> = starts.map(|(x, _)| x.parse().unwrap()).collect();
    assert!(starts.iter().all(|x| *x < 700.0), "{starts:?}");
    assert!(much.contains("123.4M failed") && much.contains(">800M<"), "{much}");

    let bar = |label: &str, value| Bar { label: label.into(), value };
    let (title, subtitle) = (String::from("Some"), String::new());
    let bars = vec![bar("all", 1_000), bar("one", 1), bar("none", 0)];
    let some = Chart::Bars(Bars { title, subtitle, bars }).svg();
    assert_eq!(some.matches("rx=\"3\"").count() + some.matches("rx=\"1\"").count(), 2, "{some}");
    for text in ["1,000 · &gt;99%", "1 · &lt;1%", "0 · 0%"] {
        assert!(some.contains(text), "{some}");
    }
}
