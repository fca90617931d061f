//! What is to be drawn.

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

/// The colours of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Behind everything.
    pub ground: Colour,
    /// Behind what stands together.
    pub panel: Colour,
    /// Lines between things.
    pub hair: Colour,
    /// Text.
    pub text: Colour,
    /// Text of less weight.
    pub muted: Colour,
    /// The foremost series and what is marked.
    pub accent: Colour,
    /// What is wrong.
    pub alarm: Colour,
}

/// A series.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// Its colour.
    pub colour: Colour,
    /// Drawn with gaps: what was, not what is.
    pub dashed: bool,
    /// Values at equal distances from [`Plot::from`] on; `None` is a gap.
    pub points: Vec<Option<f64>>,
}

/// Figures over time.
#[derive(Clone, Debug)]
pub struct Plot {
    /// What is drawn, above it.
    pub title: String,
    /// The first point's time; any unit, the same for all.
    pub from: f64,
    /// The distance of two points.
    pub step: f64,
    /// The end of the axis.
    pub to: f64,
    /// Series, the foremost first.
    pub lines: Vec<Line>,
    /// A limit, with its name.
    pub limit: Option<(f64, String)>,
    /// Moments, with their names.
    pub marks: Vec<(f64, String)>,
    /// How a time is written below the axis.
    pub time: fn(f64, &str) -> String,
    /// Handed to `time` (a zone's name, say).
    pub time_context: String,
    /// How a value is written beside the axis.
    pub value: fn(f64) -> String,
}

/// A line of a section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// At the left, in two lines at most.
    pub text: String,
    /// Under it, smaller.
    pub under: String,
    /// At the right.
    pub figure: String,
    /// Whether the figure is alarming.
    pub alarming: bool,
}

/// Things of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Its head.
    pub title: String,
    /// What is to be known of it, beside the head.
    pub note: String,
    /// The things.
    pub rows: Vec<Row>,
    /// What stands there when there are none.
    pub empty: String,
}

/// A picture: a head, figures over time, sections in two columns, a foot.
#[derive(Clone, Debug)]
pub struct Poster {
    /// The head.
    pub title: String,
    /// A word in a coloured field before it.
    pub badge: String,
    /// The field's colour.
    pub badge_colour: Colour,
    /// Under the head, in two lines at most.
    pub subtitle: String,
    /// Names and values below.
    pub facts: Vec<(String, String)>,
    /// Figures, or why there are none.
    pub plot: Result<Plot, String>,
    /// Sections, left and right in turn.
    pub sections: Vec<Section>,
    /// At the end.
    pub foot: String,
    /// Colours.
    pub palette: Palette,
}
