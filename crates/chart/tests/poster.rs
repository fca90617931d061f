//! Pictures as they come out, written with this machine's Chinese face (package `fonts-noto-cjk`).

use chart::{Colour, Line, Palette, Plot, Poster, Row, Section, WIDTH, png, svg};

fn palette() -> Palette {
    Palette {
        ground: Colour(10, 14, 20),
        panel: Colour(20, 26, 36),
        hair: Colour(50, 60, 76),
        text: Colour(230, 236, 244),
        muted: Colour(140, 152, 170),
        accent: Colour(86, 180, 233),
        alarm: Colour(255, 90, 60),
    }
}

fn poster(title: &str) -> Poster {
    let points = |up: f64| {
        (0..240)
            .map(|i| (i % 50 != 7).then_some(up + f64::from(i % 60)))
            .collect()
    };
    let line = |name: &str, dashed, up| Line {
        name: name.into(),
        colour: if dashed {
            Colour(120, 130, 150)
        } else {
            Colour(86, 180, 233)
        },
        dashed,
        points: points(up),
    };
    let row = |text: &str| Row {
        text: text.into(),
        under: "order-service · 首次 15:32:10".into(),
        figure: "128 次".into(),
        alarming: true,
    };
    let section = |title: &str, rows| Section {
        title: title.into(),
        note: "近 1 小时".into(),
        rows,
        empty: "没有".into(),
    };
    Poster {
        title: title.into(),
        badge: "P0".into(),
        badge_colour: Colour(255, 60, 120),
        subtitle: "支付成功率低于 95%，微信支付渠道超时。".repeat(8),
        facts: vec![
            ("值班".into(), "李四（主值）".into()),
            ("触发".into(), "15:32".into()),
        ],
        plot: Ok(Plot {
            title: "payment_success_ratio".into(),
            from: 0.0,
            step: 30.0,
            to: 7200.0,
            lines: vec![line("现在", false, 0.0), line("昨天同时", true, 10.0)],
            limit: Some((95.0, "阈值 95".into())),
            marks: vec![(3600.0, "触发".into())],
            time: |t, _| format!("{t:.0}"),
            time_context: String::new(),
            value: |v| format!("{v:.0}%"),
        }),
        sections: vec![
            section(
                "新出现的错误",
                vec![
                    row("支付渠道 <word> 超时 <number> ms"),
                    row(&"很长的一行日志".repeat(30)),
                ],
            ),
            section("失败的链路", Vec::new()),
            section("同时触发", vec![row("数据库连接池耗尽")]),
        ],
        foot: "守望 2026-11-21 15:40".into(),
        palette: palette(),
    }
}

fn pixels(bytes: &[u8]) -> (u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .expect("a PNG");
    let mut out = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut out).expect("pixels");
    assert_eq!(info.width, WIDTH);
    (info.height, out)
}

#[test]
fn chinese_is_written_and_not_boxes() {
    assert!(chart::face::install(), "a Chinese face is installed");
    let (height, one) = pixels(&png(&poster("直骨门")).expect("a picture"));
    let (same, other) = pixels(&png(&poster("复关问")).expect("a picture"));
    assert_eq!(height, same);
    // A face without the characters writes the same box for each of them.
    let different = one.iter().zip(&other).filter(|(a, b)| a != b).count();
    assert!(different > 500, "{different}");
    if let Some(dir) = option_env!("CARGO_TARGET_TMPDIR") {
        let path = std::path::Path::new(dir).join("poster.png");
        std::fs::write(path, png(&poster("支付成功率低")).expect("a picture")).expect("written");
    }
}

#[test]
fn an_svg_holds_the_texts_escaped() {
    assert!(chart::face::install());
    let text = svg(&poster("<script>alert(1)</script>")).expect("a picture");
    assert!(text.contains("数据库连接池耗尽") && !text.contains("<script>"));
    assert!(text.contains("&lt;script&gt;"), "{}", &text[..2000]);
}

#[test]
fn why_there_are_no_figures_stands_in_their_place() {
    assert!(chart::face::install());
    let without = Poster {
        plot: Err("没有任何指标数据源有这条规则的指标".into()),
        ..poster("x")
    };
    assert!(
        svg(&without)
            .expect("a picture")
            .contains("没有任何指标数据源")
    );
    let nothing = Poster {
        sections: Vec::new(),
        facts: Vec::new(),
        ..poster("")
    };
    assert!(!png(&nothing).expect("a picture").is_empty());
}
