//! TypeScript of all wire types.

use crate::{alert, frame, logs, rota, view};
use ts_rs::{Config, TS};

/// The text of `ui/src/api/wire.ts`.
pub fn typescript() -> String {
    let mut out = String::from(
        "// Generated from crates/wire by `cargo xtask codegen`; a test fails when it is stale. Do not edit.\n",
    );
    let cfg = Config::default();
    macro_rules! declare {
        ($($t:ty),+ $(,)?) => { $(
            out.push_str("\nexport ");
            out.push_str(&<$t as TS>::decl(&cfg));
            out.push('\n');
        )+ };
    }
    declare!(
        crate::ErrorCode,
        crate::ErrorView,
        view::SeverityView,
        view::Freshness,
        view::ThresholdsView,
        view::AreaView,
        view::QueryView,
        view::PanelView,
        view::BoardView,
        view::BoardName,
        view::ErrorText,
        view::ViewSettings,
        view::PanelState,
        view::Mark,
        view::SeriesView,
        frame::Patch,
        frame::QueryFrame,
        view::PanelFrame,
        view::SourceHealth,
        view::SourceView,
        view::Abnormal,
        view::Verdict,
        view::ConceptView,
        view::HealthView,
        alert::Param,
        alert::Sentence,
        alert::LevelView,
        alert::AlertLook,
        alert::NextView,
        alert::AlertRow,
        alert::AlertItem,
        alert::AlertTab,
        alert::AlertGrouping,
        alert::AlertOrder,
        alert::AlertQuery,
        alert::LevelCount,
        alert::TabCounts,
        alert::PersonView,
        alert::AlertSourceView,
        alert::ChannelView,
        alert::DutyView,
        alert::WantedView,
        alert::AlertPage,
        alert::AlertBand,
        alert::LabelView,
        alert::SightView,
        alert::TimelineItem,
        alert::NoticeView,
        alert::FindingView,
        alert::AlertDetail,
        alert::AlertChart,
        alert::MatcherView,
        alert::AlertAct,
        alert::MuteView,
        alert::HistoryQuery,
        alert::HistoryPage,
        alert::Kept,
        alert::Spread,
        alert::WeekFigures,
        alert::FiguresView,
        alert::PreviewView,
        rota::RotaQuery,
        rota::RotaName,
        rota::CadenceView,
        rota::PlannedDay,
        rota::RotationView,
        rota::LayerView,
        rota::RotaView,
        rota::MemberView,
        rota::ContactView,
        rota::MemberEdit,
        rota::OnDutyView,
        rota::ShiftView,
        rota::DayView,
        rota::ProblemView,
        rota::AbsenceView,
        rota::SlotView,
        rota::SwapView,
        rota::LoadView,
        rota::PackAlertView,
        rota::PackSilenceView,
        rota::PackRuleView,
        rota::SignatureView,
        rota::HandoverView,
        rota::NoteView,
        rota::RotaChangeView,
        rota::RotaPage,
        rota::SideView,
        rota::PlanAsk,
        rota::PlanView,
        rota::RotaEdit,
        rota::RotaPreview,
        rota::NotesQuery,
        rota::NotesPage,
        rota::ImportKind,
        rota::ImportAsk,
        rota::ImportError,
        rota::ImportView,
        rota::ExportAsk,
        rota::ExportView,
        frame::FrameHead,
        logs::LogLevelView,
        logs::LogCategoryView,
        logs::LogStoreView,
        logs::LogTermView,
        logs::LogScope,
        logs::LogPageAsk,
        logs::LogLineView,
        logs::LogPageView,
        logs::LogDetailView,
        logs::LogHistogramAsk,
        logs::LogHistogramView,
        logs::LogFacetsAsk,
        logs::LogFacetValue,
        logs::LogFacetView,
        logs::LogFacetsView,
        logs::LogTailAsk,
        logs::LogTailView,
        logs::LogPatternsAsk,
        logs::LogPatternPart,
        logs::LogPatternView,
        logs::LogPatternsView,
        logs::LogNumbersAsk,
        logs::LogNumbersRow,
        logs::LogNumbersView,
        logs::LogCompleteAsk,
        logs::LogProposalKind,
        logs::LogProposal,
        logs::LogFault,
        logs::LogCompletion,
        logs::LogExportFormat,
        logs::LogExportAsk,
        logs::LogExportView,
        logs::LogSavedView,
        logs::LogPanelKind,
        logs::LogSeriesView,
        logs::LogPanelView,
        logs::LogBoardView,
        logs::LogsHome,
        logs::LogViewEdit,
    );
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn typescript_is_up_to_date() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/api/wire.ts");
        let text = super::typescript();
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let on_disk = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            on_disk == text,
            "ui/src/api/wire.ts is stale: run `cargo xtask codegen`"
        );
    }
}
