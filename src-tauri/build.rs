/// Every command of `commands.rs`. Naming them here makes each one a permission: a window may call only what its file in `capabilities/`
/// lists.
const COMMANDS: &[&str] = &[
    "pull",
    "panel_range",
    "panel_lines",
    "health",
    "open_board",
    "choose_variables",
    "set_locale",
    "set_theme",
    "painted",
    "wall_command",
    "leave_kiosk",
    "open_window",
    "open_place",
    "alerts",
    "alerts_changed",
    "alert_detail",
    "alert_chart",
    "investigate",
    "investigation_picture",
    "alert_act",
    "alert_preview",
    "mutes",
    "alert_history",
    "alert_figures",
    "rota_page",
    "rota_preview",
    "rota_edit",
    "rota_plan",
    "rota_log",
    "rota_notes",
    "rota_contact",
    "rota_import",
    "rota_export",
    "logs_home",
    "logs_page",
    "logs_line",
    "logs_histogram",
    "logs_facets",
    "logs_tail",
    "logs_patterns",
    "logs_numbers",
    "logs_complete",
    "logs_export",
    "logs_view",
    "trace_sources",
    "trace_names",
    "trace_search",
    "trace_open",
    "trace_rows",
    "trace_span",
    "trace_find",
    "trace_flame",
    "trace_statistics",
    "trace_compare",
    "trace_graph",
];

fn main() {
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    let attributes = tauri_build::Attributes::new().app_manifest(manifest);
    if let Err(error) = tauri_build::try_build(attributes) {
        // cargo shows what a failing build script prints
        eprintln!("{error:#}");
        std::process::exit(1);
    }
}
