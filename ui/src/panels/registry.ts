import type { Component } from 'svelte'
import type { PanelModel } from '../stores/panel.svelte'
import AlertList from './alert_list/AlertList.svelte'
import BarGauge from './bar_gauge/BarGauge.svelte'
import BarList from './bar_list/BarList.svelte'
import Calendar from './calendar/Calendar.svelte'
import Forecast from './forecast/Forecast.svelte'
import Gauge from './gauge/Gauge.svelte'
import Heatmap from './heatmap/Heatmap.svelte'
import Histogram from './histogram/Histogram.svelte'
import LogStream from './log_stream/LogStream.svelte'
import Ring from './ring/Ring.svelte'
import Slo from './slo/Slo.svelte'
import SparkTable from './spark_table/SparkTable.svelte'
import Stat from './stat/Stat.svelte'
import StateTimeline from './state_timeline/StateTimeline.svelte'
import Table from './table/Table.svelte'
import Text from './text/Text.svelte'
import Tile from './tile/Tile.svelte'
import Timeseries from './timeseries/Timeseries.svelte'
import Topology from './topology/Topology.svelte'

/** What every panel kind is given. */
export interface PanelProps {
  panel: PanelModel
  /** 0..1: its place among the panels, so that not all move at once. */
  phase: number
}

/** Panel kinds by their name in the board's file (`model::board::PanelKind`). A new kind is one folder and one line here. */
export const PANELS: Readonly<Record<string, Component<PanelProps>>> = {
  tile: Tile,
  timeseries: Timeseries,
  stat: Stat,
  gauge: Gauge,
  bar_list: BarList,
  table: Table,
  state_timeline: StateTimeline,
  text: Text,
  alert_list: AlertList,
  bar_gauge: BarGauge,
  calendar: Calendar,
  forecast: Forecast,
  heatmap: Heatmap,
  histogram: Histogram,
  log_stream: LogStream,
  ring: Ring,
  slo: Slo,
  spark_table: SparkTable,
  topology: Topology,
}
