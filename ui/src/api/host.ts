import { invoke, isTauri } from '@tauri-apps/api/core'
import { decode, type Frame } from './frame'
import type {
  AlertAct,
  AlertChart,
  AlertDetail,
  AlertPage,
  AlertQuery,
  ContactView,
  EditorCompleteAsk,
  EditorCompletion,
  EditorExported,
  EditorHome,
  EditorImported,
  EditorOpened,
  EditorProblem,
  EditorSave,
  EditorSaved,
  ErrorView,
  ExportAsk,
  ExportView,
  FiguresView,
  HealthView,
  HistoryPage,
  InvestigationView,
  LeaveView,
  HistoryQuery,
  ImportAsk,
  ImportView,
  LogCompleteAsk,
  LogCompletion,
  LogDetailView,
  LogExportAsk,
  LogExportView,
  LogFacetsAsk,
  LogFacetsView,
  LogHistogramAsk,
  LogHistogramView,
  LogNumbersAsk,
  LogNumbersView,
  LogPageAsk,
  LogPageView,
  LogPatternsAsk,
  LogPatternsView,
  LogReadingView,
  LogSavedView,
  LogsHome,
  LogTailAsk,
  LogTailView,
  LogViewEdit,
  MatcherView,
  MuteView,
  NotesPage,
  NotesQuery,
  PlanAsk,
  PlanView,
  PreviewView,
  ReadyBoard,
  ReportMake,
  ReportSaved,
  ReportSheet,
  ReportsPage,
  RotaChangeView,
  RotaEdit,
  RotaPage,
  RotaPreview,
  RotaQuery,
  TraceChoicesView,
  TraceDiffView,
  TraceFind,
  TraceFlameAsk,
  TraceFlameView,
  TraceFound,
  TraceGraphAsk,
  TraceGraphView,
  TraceHead,
  TraceListView,
  TraceOpen,
  TraceRowsAsk,
  TraceRowsView,
  TraceSearch,
  TraceSourceView,
  TraceSpanView,
  TraceStatisticsAsk,
  TraceStatisticsView,
} from './wire'

/** Windows that the program can open. */
export type WindowKind = 'wall' | 'desk' | 'pocket'

/** What the page may ask of the program. The wall only reads; the windows of the alert desk also act. */
export interface Host {
  /**
   * What is new since the cursor. The page says how many pictures it has painted: that is how the program knows that it lives; and which boards
   * stand ready with it.
   */
  pull(cursor: number, painted: number, hidden: boolean, ready: ReadyBoard[]): Promise<Frame>
  /** Finer data of one panel between two times (ms), about `points` points a series. */
  panelRange(panel: string, from: number, to: number, points: number): Promise<Frame>
  /** The newest lines of a board's log stream, later what arrived since `mark`. */
  panelLines(board: string, panel: string, mark: string | null): Promise<LogTailView>
  /** The health page. */
  health(): Promise<HealthView>
  /** Another board of the rotation, or a stop. */
  wallCommand(what: WallKey): Promise<void>
  /** Wants to leave full screen. */
  leaveKiosk(pin: string): Promise<LeaveView>
  /** Values for a board's variables; an empty list stands for everything. */
  chooseVariables(board: string, values: Record<string, string[]>): Promise<void>
  /** Shows another board. */
  openBoard(board: string): Promise<void>
  /** `zh-CN` or `en`. */
  setLocale(locale: string): Promise<void>
  /** `dark` or `calm`. */
  setTheme(theme: string): Promise<void>
  /** Proof of life: so many panels with data have really been painted, in so many pictures. */
  painted(panels: number, pictures: number, hidden: boolean): Promise<void>
  /** A part of the list of alerts, with the state of the desk. */
  alerts(query: AlertQuery): Promise<AlertPage>
  /** Answers with the list's cursor when it is another than this one, or after some seconds: a hint to ask. */
  alertsChanged(cursor: number): Promise<number>
  /** Everything about one alert, also one that is over. */
  alertDetail(id: number): Promise<AlertDetail>
  /** The metric around its firing. */
  alertChart(id: number): Promise<AlertChart>
  /** Everything that may explain an alert; the host takes two seconds at most. */
  investigate(id: number): Promise<InvestigationView>
  /** The same as a picture, written to a file. */
  investigationPicture(id: number, locale: string): Promise<ExportView>
  /** Something a person does; answered when it is kept. */
  alertAct(act: AlertAct): Promise<void>
  /** What a silence over these conditions would hold. */
  alertPreview(matchers: MatcherView[]): Promise<PreviewView>
  /** Silences and maintenance windows, in force and coming. */
  mutes(): Promise<MuteView[]>
  /** A part of the past. */
  alertHistory(query: HistoryQuery): Promise<HistoryPage>
  /** Response and resolution times of the last weeks. */
  alertFigures(weeks: number): Promise<FiguresView>
  /** A stretch of a rota with everything beside it; null while nothing is new for `query.have`. */
  rotaPage(query: RotaQuery): Promise<RotaPage | null>
  /** What an edit would do to the stretch shown; nothing is kept. */
  rotaPreview(edit: RotaEdit, query: RotaQuery): Promise<RotaPreview>
  /** Something a person does to the rota; answered when it is kept. */
  rotaEdit(edit: RotaEdit): Promise<void>
  /** A fair plan; nothing is kept. */
  rotaPlan(ask: PlanAsk): Promise<PlanView>
  /** Who changed what, newest first, only before a number when one is named. */
  rotaLog(rota: string | null, before: number | null): Promise<RotaChangeView[]>
  /** A part of the duty record. */
  rotaNotes(query: NotesQuery): Promise<NotesPage>
  /** A person's contacts in full. */
  rotaContact(person: string): Promise<ContactView>
  /** Takes a file, all of it or nothing. */
  rotaImport(ask: ImportAsk): Promise<ImportView>
  /** Writes a file. */
  rotaExport(ask: ExportAsk): Promise<ExportView>
  /** Stores of logs, boards about them, kept views. */
  logsHome(): Promise<LogsHome>
  /** A page of lines. */
  logsPage(ask: LogPageAsk): Promise<LogPageView>
  /** How far a slow store has read; null for one that is not slow. */
  logsReading(store: string | null): Promise<LogReadingView | null>
  /** Gives up what a place of the page has asked. */
  logsCancel(lane: string): Promise<void>
  /** One line as a whole. */
  logsLine(store: string | null, place: string): Promise<LogDetailView>
  /** Lines by time and level. */
  logsHistogram(ask: LogHistogramAsk): Promise<LogHistogramView>
  /** The most frequent values of fields. */
  logsFacets(ask: LogFacetsAsk): Promise<LogFacetsView>
  /** What has arrived since a mark. */
  logsTail(ask: LogTailAsk): Promise<LogTailView>
  /** Similar lines folded. */
  logsPatterns(ask: LogPatternsAsk): Promise<LogPatternsView>
  /** A number's size by the values of a field. */
  logsNumbers(ask: LogNumbersAsk): Promise<LogNumbersView>
  /** What could be typed next, and what is wrong with a query. */
  logsComplete(ask: LogCompleteAsk): Promise<LogCompletion>
  /** Writes lines into a file. */
  logsExport(ask: LogExportAsk): Promise<LogExportView>
  /** Keeps or forgets a view; answered with all of them when it is kept. */
  logsView(edit: LogViewEdit): Promise<LogSavedView[]>
  /** All stores of traces and how they are. */
  traceSources(): Promise<TraceSourceView[]>
  /** The services of a store (null: the first), or the operations of one of them. */
  traceNames(source: string | null, service: string | null): Promise<TraceChoicesView>
  /** Traces that match. */
  traceSearch(ask: TraceSearch): Promise<TraceListView>
  /** Opens a trace; it stays in the program. */
  traceOpen(ask: TraceOpen): Promise<TraceHead>
  /** Rows of an open trace. */
  traceRows(ask: TraceRowsAsk): Promise<TraceRowsView>
  /** Everything about a span. */
  traceSpan(key: string, row: number): Promise<TraceSpanView>
  /** Finds spans in an open trace. */
  traceFind(ask: TraceFind): Promise<TraceFound>
  /** Its flame graph. */
  traceFlame(ask: TraceFlameAsk): Promise<TraceFlameView>
  /** Its statistics. */
  traceStatistics(ask: TraceStatisticsAsk): Promise<TraceStatisticsView>
  /** Two traces beside each other. */
  traceCompare(first: TraceOpen, second: TraceOpen): Promise<TraceDiffView>
  /** Who calls whom. */
  traceGraph(ask: TraceGraphAsk): Promise<TraceGraphView>
  /** Boards, concepts and sources for the editor. */
  editorHome(): Promise<EditorHome>
  /** A board to be edited. */
  editorOpen(id: string): Promise<EditorOpened>
  /** Checks a draft, and shows it if it is to be shown. */
  editorDraft(board: unknown, show: boolean): Promise<EditorProblem[]>
  /** What is new in the draft's picture; fails when there is none. */
  editorPull(cursor: number): Promise<Frame>
  /** Writes a board's file. */
  editorSave(ask: EditorSave): Promise<EditorSaved>
  /** What could be typed next in a query. */
  editorComplete(ask: EditorCompleteAsk): Promise<EditorCompletion>
  /** A dashboard of Grafana as boards; nothing is kept. */
  editorImport(text: string): Promise<EditorImported>
  /** Writes a board as a dashboard of Grafana. */
  editorExport(board: unknown, locale: string): Promise<EditorExported>
  /** Which reports there are, what comes when, what is being made. */
  reportsPage(): Promise<ReportsPage>
  /** Begins to make a report; what comes of it is on the page. */
  reportMake(ask: ReportMake): Promise<void>
  /** A report as it was written. */
  reportOpen(id: string): Promise<ReportSheet>
  /** Copies a report's files. */
  reportSave(id: string): Promise<ReportSaved>
  /** Mails a report to those who were confirmed. */
  reportSend(id: string, to: string[]): Promise<void>
  /** Opens the desk at 日志 with a query, or at 链路 with a service. */
  openPlace(page: 'logs' | 'traces', query: string): Promise<void>
  /** Opens a window, or brings it to the front; the desk shows the alert, if one is named. */
  openWindow(kind: WindowKind, alert?: number): Promise<void>
}

/** What a key of the wall's keyboard does. */
export type WallKey = 'next' | 'previous' | 'pause' | 'resume'

/** What the commands answer: bytes, or JSON. */
export type Call = (command: string, args?: Record<string, unknown>) => Promise<unknown>

function bytes(answer: unknown): ArrayBuffer {
  if (answer instanceof ArrayBuffer) return answer
  // Without the custom protocol the answer comes as an array of numbers.
  if (Array.isArray(answer)) return new Uint8Array(answer as number[]).buffer
  if (ArrayBuffer.isView(answer)) {
    return new Uint8Array(new Uint8Array(answer.buffer, answer.byteOffset, answer.byteLength)).buffer
  }
  throw new TypeError('the host answered no bytes')
}

/** The commands of the program over any transport. */
export function hostOver(call: Call): Host {
  return {
    pull: async (cursor, painted, hidden, ready) => decode(bytes(await call('pull', { cursor, painted, hidden, ready }))),
    panelLines: async (board, panel, mark) => (await call('panel_lines', { board, panel, mark })) as LogTailView,
    panelRange: async (panel, from, to, points) =>
      decode(bytes(await call('panel_range', { panel, from, to, points }))),
    health: async () => (await call('health')) as HealthView,
    chooseVariables: async (board, values) => void (await call('choose_variables', { board, values })),
    openBoard: async (board) => void (await call('open_board', { board })),
    wallCommand: async (what) => void (await call('wall_command', { what })),
    leaveKiosk: async (pin) => (await call('leave_kiosk', { pin })) as LeaveView,
    setLocale: async (locale) => void (await call('set_locale', { locale })),
    setTheme: async (theme) => void (await call('set_theme', { theme })),
    painted: async (panels, pictures, hidden) => void (await call('painted', { panels, pictures, hidden })),
    alerts: async (query) => (await call('alerts', { query })) as AlertPage,
    alertsChanged: async (cursor) => (await call('alerts_changed', { cursor })) as number,
    alertDetail: async (id) => (await call('alert_detail', { id })) as AlertDetail,
    alertChart: async (id) => (await call('alert_chart', { id })) as AlertChart,
    investigate: async (id) => (await call('investigate', { id })) as InvestigationView,
    investigationPicture: async (id, locale) => (await call('investigation_picture', { id, locale })) as ExportView,
    alertAct: async (act) => void (await call('alert_act', { act })),
    alertPreview: async (matchers) => (await call('alert_preview', { matchers })) as PreviewView,
    mutes: async () => (await call('mutes')) as MuteView[],
    alertHistory: async (query) => (await call('alert_history', { query })) as HistoryPage,
    alertFigures: async (weeks) => (await call('alert_figures', { weeks })) as FiguresView,
    rotaPage: async (query) => (await call('rota_page', { query })) as RotaPage | null,
    rotaPreview: async (edit, query) => (await call('rota_preview', { edit, query })) as RotaPreview,
    rotaEdit: async (edit) => void (await call('rota_edit', { edit })),
    rotaPlan: async (ask) => (await call('rota_plan', { ask })) as PlanView,
    rotaLog: async (rota, before) => (await call('rota_log', { rota, before })) as RotaChangeView[],
    rotaNotes: async (query) => (await call('rota_notes', { query })) as NotesPage,
    rotaContact: async (person) => (await call('rota_contact', { person })) as ContactView,
    rotaImport: async (ask) => (await call('rota_import', { ask })) as ImportView,
    rotaExport: async (ask) => (await call('rota_export', { ask })) as ExportView,
    logsHome: async () => (await call('logs_home')) as LogsHome,
    logsPage: async (ask) => (await call('logs_page', { ask })) as LogPageView,
    logsReading: async (store) => (await call('logs_reading', { store })) as LogReadingView | null,
    logsCancel: async (lane) => void (await call('logs_cancel', { lane })),
    logsLine: async (store, place) => (await call('logs_line', { store, place })) as LogDetailView,
    logsHistogram: async (ask) => (await call('logs_histogram', { ask })) as LogHistogramView,
    logsFacets: async (ask) => (await call('logs_facets', { ask })) as LogFacetsView,
    logsTail: async (ask) => (await call('logs_tail', { ask })) as LogTailView,
    logsPatterns: async (ask) => (await call('logs_patterns', { ask })) as LogPatternsView,
    logsNumbers: async (ask) => (await call('logs_numbers', { ask })) as LogNumbersView,
    logsComplete: async (ask) => (await call('logs_complete', { ask })) as LogCompletion,
    logsExport: async (ask) => (await call('logs_export', { ask })) as LogExportView,
    logsView: async (edit) => (await call('logs_view', { edit })) as LogSavedView[],
    traceSources: async () => (await call('trace_sources')) as TraceSourceView[],
    traceNames: async (source, service) => (await call('trace_names', { source, service })) as TraceChoicesView,
    traceSearch: async (ask) => (await call('trace_search', { ask })) as TraceListView,
    traceOpen: async (ask) => (await call('trace_open', { ask })) as TraceHead,
    traceRows: async (ask) => (await call('trace_rows', { ask })) as TraceRowsView,
    traceSpan: async (key, row) => (await call('trace_span', { key, row })) as TraceSpanView,
    traceFind: async (ask) => (await call('trace_find', { ask })) as TraceFound,
    traceFlame: async (ask) => (await call('trace_flame', { ask })) as TraceFlameView,
    traceStatistics: async (ask) => (await call('trace_statistics', { ask })) as TraceStatisticsView,
    traceCompare: async (first, second) => (await call('trace_compare', { first, second })) as TraceDiffView,
    traceGraph: async (ask) => (await call('trace_graph', { ask })) as TraceGraphView,
    editorHome: async () => (await call('editor_home')) as EditorHome,
    editorOpen: async (id) => (await call('editor_open', { id })) as EditorOpened,
    editorDraft: async (board, show) => (await call('editor_draft', { board, show })) as EditorProblem[],
    editorPull: async (cursor) => decode(bytes(await call('editor_pull', { cursor }))),
    editorSave: async (ask) => (await call('editor_save', { ask })) as EditorSaved,
    editorComplete: async (ask) => (await call('editor_complete', { ask })) as EditorCompletion,
    editorImport: async (text) => (await call('editor_import', { text })) as EditorImported,
    editorExport: async (board, locale) => (await call('editor_export', { board, locale })) as EditorExported,
    reportsPage: async () => (await call('reports_page')) as ReportsPage,
    reportMake: async (ask) => void (await call('report_make', { ask })),
    reportOpen: async (id) => (await call('report_open', { id })) as ReportSheet,
    reportSave: async (id) => (await call('report_save', { id })) as ReportSaved,
    reportSend: async (id, to) => void (await call('report_send', { id, to })),
    openPlace: async (page, query) => void (await call('open_place', { page, query })),
    openWindow: async (kind, alert) => void (await call('open_window', { kind, alert: alert ?? null })),
  }
}

/** Tells an answer of the program from a fault of the transport. */
export function asErrorView(error: unknown): ErrorView {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    const params = 'params' in error && typeof error.params === 'object' && error.params !== null ? error.params : {}
    return { code: error.code, params } as ErrorView
  }
  return { code: 'internal', params: { detail: String(error).slice(0, 300) } }
}

/** The program around the page; while developing in a browser, a stand-in that is not part of the built page. */
export async function connect(): Promise<Host> {
  if (import.meta.env.MODE !== 'production' && !isTauri()) {
    const { fakeCall } = await import('./fake')
    return hostOver(fakeCall())
  }
  return hostOver(invoke)
}
