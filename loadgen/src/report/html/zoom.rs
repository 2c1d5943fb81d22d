//! What the script needs to draw a figure larger, as JSON in an element that no browser runs.

use serde_json::{Value, json};

use super::markup::Markup;
use crate::report::{Line, Scale, Zoom};

/// Writes the data of the figure `id`.
pub(super) fn write(out: &mut Markup, id: &str, zoom: &Zoom) {
    let attributes = [
        ("type", "application/json"),
        ("class", "zoom-data"),
        ("data-figure", id),
    ];
    out.element("script", &attributes, |out| {
        out.html(&inert(&to_json(zoom).to_string()));
    });
    out.newline();
}

fn to_json(zoom: &Zoom) -> Value {
    json!({
        "x_label": zoom.x_label,
        "y_label": zoom.y_label,
        "x_scale": name(zoom.x_scale),
        "y_scale": name(zoom.y_scale),
        "x": zoom.x,
        "lines": zoom.lines.iter().map(line).collect::<Vec<_>>(),
    })
}

fn line(line: &Line) -> Value {
    json!({ "label": line.label, "series": line.series, "y": line.y })
}

fn name(scale: Scale) -> &'static str {
    match scale {
        Scale::Linear => "linear",
        Scale::Log => "log",
        Scale::Percentile => "percentile",
    }
}

/// JSON that neither ends its element nor begins a comment in it: in JSON `<` stands in strings
/// only, where it may be written by its number.
fn inert(json: &str) -> String {
    json.replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_end_the_element() {
        let zoom = Zoom {
            x_label: "</script><!--<script>".to_owned(),
            y_label: "ms".to_owned(),
            x_scale: Scale::Percentile,
            y_scale: Scale::Log,
            x: vec![50.0, 99.0],
            lines: vec![Line {
                label: "a".to_owned(),
                series: 3,
                y: vec![Some(1.5), None],
            }],
        };
        let mut out = Markup::default();
        write(&mut out, "f", &zoom);
        let html = out.finish();
        let json = html.split_once('>').unwrap().1.trim_end();
        let json = json.strip_suffix("</script>").unwrap();
        assert!(!json.contains('<'), "{json}");
        let read: Value = serde_json::from_str(json).unwrap();
        assert_eq!(read["x_label"], "</script><!--<script>");
        assert_eq!(read["lines"][0]["y"], json!([1.5, null]));
        assert_eq!(read["x_scale"], "percentile");
    }
}
