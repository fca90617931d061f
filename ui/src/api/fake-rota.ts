import { fakeBook, fakeNotes, handbook } from './fake-rota-book'
import { dayOf, instant, loadsOf, plain, problemsIn, shiftsOf, spreadOf, type FakeBook } from './fake-rota-duty'
import { firstOfMonth, plusDays } from '../features/rota/dates'
import { Zone } from '../shared/time'
import type { ErrorView, HandoverView, ImportAsk, ImportError, ImportView, NotesPage, NotesQuery, NoteView, OnDutyView, PlanAsk, PlanView, ProblemView, RotaChangeView, RotaEdit, RotaPage, RotaPreview, RotaQuery, RotaView, Sentence, ShiftView, CalendarView } from './wire'

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 24 * HOUR

const fault = (reason: string): ErrorView => ({ code: 'refused', params: { reason } })
const same = (a: ProblemView, b: ProblemView): boolean => a.kind === b.kind && a.role === b.role && a.from === b.from && a.until === b.until && a.people.join() === b.people.join()
const decoded = (base64: string): string => new TextDecoder().decode(Uint8Array.from(atob(base64), (one) => one.charCodeAt(0)))

/** The rota of the development host. `?zone=` moves it to another zone, `?ahead=40` looks so many days ahead for who is next, `?norota` begins without one, `?nopeople` without people too. */
export class FakeRota {
  private book: FakeBook
  private notes: NoteView[]
  private handover: HandoverView | null
  private log: { change: RotaChangeView; before: FakeBook }[] = []
  private revision = 1
  private next = 1000
  private calendars: CalendarView[] = [{ id: 'cn', name: '中国法定节假日', years: [2025, 2026], weekend: [6, 7] }, { id: 'de', name: 'Deutschland', years: [2026], weekend: [6, 7] }]
  private readonly horizon: number

  constructor(
    query: URLSearchParams,
    private readonly me: () => { id: string; name: string },
    private readonly now: () => number = Date.now,
  ) {
    this.horizon = (Number(query.get('ahead')) || 15) * DAY
    const zone = query.get('zone') ?? 'Asia/Shanghai'
    this.book = fakeBook(now(), zone)
    this.notes = fakeNotes(now())
    if (query.has('norota')) this.book = { ...this.book, rotas: [], overrides: [], swaps: [], absences: [] }
    if (query.has('nopeople')) this.book = { rotas: [], people: [], contacts: {}, absences: [], overrides: [], swaps: [] }
    this.handover = query.has('norota') ? null : this.pack()
  }

  /** Answers a command; undefined when it is none of the rota's. */
  answer(command: string, args: Record<string, unknown>): unknown {
    switch (command) {
      case 'rota_page':
        return this.page(args.query as RotaQuery)
      case 'rota_preview':
        return this.preview(args.edit as RotaEdit, args.query as RotaQuery)
      case 'rota_edit':
        return this.edit(args.edit as RotaEdit)
      case 'rota_plan':
        return this.plan(args.ask as PlanAsk)
      case 'rota_log':
        return this.log.map((one, i) => ({ ...one.change, can_undo: i === 0 }))
      case 'rota_notes':
        return this.found(args.query as NotesQuery)
      case 'rota_contact':
        return this.book.contacts[String(args.person)] ?? { phone: '', email: '', dingtalk: '', wecom: '' }
      case 'rota_import':
        return this.take(args.ask as ImportAsk)
      case 'rota_export':
        if ((args.ask as { what: string }).what === 'shifts') return { path: '~/shouwang/shifts-ops.csv', url: null }
        return (args.ask as { what: string }).what === 'people' ? { path: '~/shouwang/people.csv', url: null } : { path: '~/shouwang/duty.ics', url: 'http://127.0.0.1:9188/rota/ops.ics?key=9f2c41d07be8' }
      default:
        return undefined
    }
  }

  private rota(id: string | null): RotaView | undefined {
    return id === null ? this.book.rotas[0] : this.book.rotas.find((one) => one.id === id)
  }

  private stretch(rota: RotaView, query: RotaQuery): { zone: Zone; first: string; from: number; until: number } {
    const zone = new Zone(rota.zone)
    const first = query.from ?? firstOfMonth(zone.date(this.now()))
    return { zone, first, from: instant(first, '00:00', zone), until: instant(plusDays(first, query.days), '00:00', zone) }
  }

  /** What whoever plans must know, while there is a rota. */
  warnings(): Sentence[] {
    return this.book.rotas.length === 0 ? [] : [plain('还没有 2027 年的放假通知，明年的班次先按星期排；通知公布后请在“班次规则”导入')]
  }

  /** Who has which role now, on all rotas. */
  onDuty(): OnDutyView[] {
    const now = this.now()
    return this.book.rotas.slice(0, 1).flatMap((rota) => {
      const all = shiftsOf(this.book, rota, now - 2 * DAY, now + this.horizon)
      const rank = ['primary', 'secondary', 'manager']
      return all
        .filter((one) => one.from <= now && one.until > now)
        .sort((a, b) => rank.indexOf(a.role) - rank.indexOf(b.role))
        .map((one): OnDutyView => {
          const chain = all.filter((other) => other.role === one.role && other.from >= one.until)
          const until = chain.reduce((end, other) => (other.person === one.person && other.from === end ? other.until : end), one.until)
          return { rota: rota.id, role: one.role, person: one.person, name: one.name, from: one.from, until, why: one.why, next: chain.filter((other) => other.from === until).map((other) => other.name) }
        })
    })
  }

  private page(query: RotaQuery): RotaPage | null {
    const rota = this.rota(query.rota)
    const now = this.now()
    const revision = `${this.revision}/${this.me().id}/${Math.floor(now / HOUR)}`
    if (query.have === revision) return null
    const undo = this.log[0]?.change ?? null
    const base = {
      revision,
      now,
      rotas: this.book.rotas.map(({ id, name }) => ({ id, name })),
      calendars: this.calendars,
      rota: rota ?? null,
      people: this.book.people,
      me: this.me().id,
      absences: this.book.absences,
      warnings: this.warnings(),
      weights: { night: 1.5, weekend: 2, holiday: 3, standby: 0.5 },
      counted_from: 0,
      counted_until: 0,
      undo: undo === null ? null : { ...undo, can_undo: true },
      handover: this.handover,
      on_duty: this.onDuty(),
    }
    if (rota === undefined) return { ...base, shifts: [], days: [], problems: [], swaps: [], loads: [], spread: 0 }
    const { zone, first, from, until } = this.stretch(rota, query)
    const shifts = this.within(shiftsOf(this.book, rota, from, until), from, until)
    const countFirst = query.count_from ?? first
    const counted = { counted_from: instant(countFirst, '00:00', zone), counted_until: instant(plusDays(countFirst, query.count_days === 0 ? query.days : query.count_days), '00:00', zone) }
    const loads = loadsOf(this.book.people, this.within(shiftsOf(this.book, rota, counted.counted_from, counted.counted_until), counted.counted_from, counted.counted_until), zone)
    const swaps = this.book.swaps.filter((one) => one.give.rota === rota.id).map((one) => ({ ...one, can_answer: one.state === 'requested' && one.with === this.me().id, can_withdraw: one.state === 'requested' && one.give.person === this.me().id }))
    return { ...base, ...counted, shifts, days: Array.from({ length: query.days }, (_, i) => dayOf(plusDays(first, i), zone)), problems: problemsIn(rota, shifts, from, until), swaps, loads, spread: spreadOf(loads) }
  }

  private preview(edit: RotaEdit, query: RotaQuery): RotaPreview {
    const kept = this.book
    const { calendars } = this
    const before = this.rota(query.rota)
    try {
      const old = before === undefined ? [] : this.problems(before, query)
      this.book = structuredClone(kept)
      this.change(edit)
      // What is asked for counts as agreed to, as in the program.
      const asked = edit.edit === 'request_swap' ? this.book.swaps.at(-1) : undefined
      if (asked !== undefined) this.change({ edit: 'answer_swap', swap: asked.id, accept: true, answer: '' })
      const rota = this.rota(query.rota)
      if (before !== undefined && edit.edit === 'remove_rota') {
        // Whoever was on duty is not any more, from now on.
        return { shifts: [], new: problemsIn(before, [], this.now(), this.stretch(before, query).until), gone: [] }
      }
      if (rota === undefined) return { shifts: [], new: [], gone: [] }
      const { from, until } = this.stretch(rota, query)
      const now = this.problems(rota, query)
      return { shifts: this.within(shiftsOf(this.book, rota, from, until), from, until), new: now.filter((one) => !old.some((other) => same(one, other))), gone: old.filter((one) => !now.some((other) => same(one, other))) }
    } finally {
      this.book = kept
      this.calendars = calendars
    }
  }

  /** Cut to the stretch, as the program does. */
  private within(shifts: ShiftView[], from: number, until: number): ShiftView[] {
    return shifts.map((one) => ({ ...one, from: Math.max(one.from, from), until: Math.min(one.until, until) }))
  }

  private problems(rota: RotaView, query: RotaQuery): ProblemView[] {
    const { from, until } = this.stretch(rota, query)
    return problemsIn(rota, shiftsOf(this.book, rota, from, until), from, until)
  }

  private edit(edit: RotaEdit): null {
    const before = structuredClone(this.book)
    if (edit.edit === 'undo') {
      const last = this.log[0]
      if (last === undefined || last.change.id !== edit.change) throw fault('只能撤销最近一次变更')
      this.book = last.before
      this.log = this.log.slice(1)
    } else {
      const what = this.change(edit)
      this.next += 1
      if (what !== null) this.log = [{ change: { id: this.next, at: this.now(), by: this.me().name, what: plain(what), can_undo: true }, before }, ...this.log]
    }
    this.revision += 1
    return null
  }

  private override(slot: FakeBook['overrides'][number]['slot'], replaces: string | null, swap: boolean): void {
    this.next += 1
    this.book.overrides = [...this.book.overrides, { id: this.next, slot, replaces, swap }]
  }

  /** Makes a change; answers what it was in words, null for what no log keeps. */
  private change(edit: RotaEdit): string | null {
    const { book } = this
    const rotaOf = (id: string): RotaView => {
      const found = this.rota(id)
      if (found === undefined) throw fault(`没有值班表 ${id}`)
      return found
    }
    switch (edit.edit) {
      case 'put_member': {
        const { member } = edit
        if (member.id === '') throw fault('编号不能为空')
        const old = book.people.find((one) => one.id === member.id)
        const mask = (text: string | null, was: string): string => (text === null ? was : text.length > 6 ? `${text.slice(0, 3)}****${text.slice(-4)}` : text)
        const made = { ...member, phone: mask(member.phone, old?.phone ?? ''), email: mask(member.email, old?.email ?? ''), dingtalk: mask(member.dingtalk, old?.dingtalk ?? ''), wecom: mask(member.wecom, old?.wecom ?? '') }
        book.people = old === undefined ? [...book.people, made] : book.people.map((one) => (one.id === member.id ? made : one))
        return `修改了人员 ${member.name}`
      }
      case 'remove_member':
        if (JSON.stringify(book.rotas).includes(`"${edit.person}"`)) throw fault('还在值班表里，先从轮换中去掉')
        book.people = book.people.filter((one) => one.id !== edit.person)
        return `移除了人员 ${edit.person}`
      case 'begin_rota':
        if (book.rotas.some((one) => one.id === edit.id)) throw fault(`已有值班表 ${edit.id}`)
        book.rotas = [...book.rotas, handbook(edit.id, edit.name, edit.people, edit.managers)]
        return `新建值班表 ${edit.name}`
      case 'put_rota':
        book.rotas = book.rotas.map((one) => (one.id === edit.rota.id ? edit.rota : one))
        return `修改了值班表 ${edit.rota.name}`
      case 'remove_rota':
        book.rotas = book.rotas.filter((one) => one.id !== edit.rota)
        return `移除了值班表 ${edit.rota}`
      case 'put_layer': {
        const rota = rotaOf(edit.rota)
        this.next += 1
        const layer = edit.layer.id === 0 ? { ...edit.layer, id: this.next } : edit.layer
        const layers = edit.layer.id === 0 ? [...rota.layers, layer] : rota.layers.map((one) => (one.id === layer.id ? layer : one))
        book.rotas = book.rotas.map((one) => (one === rota ? { ...rota, layers } : one))
        return `修改了班次 ${layer.name}`
      }
      case 'remove_layer': {
        const rota = rotaOf(edit.rota)
        book.rotas = book.rotas.map((one) => (one === rota ? { ...rota, layers: rota.layers.filter((layer) => layer.id !== edit.layer) } : one))
        return '移除了一个班次'
      }
      case 'put_absence':
        if (edit.absence.until <= edit.absence.from) throw fault('结束早于开始')
        this.next += 1
        book.absences = [...book.absences.filter((one) => one.id !== edit.absence.id || one.id === 0), { ...edit.absence, id: edit.absence.id === 0 ? this.next : edit.absence.id }]
        return '登记了请假'
      case 'remove_absence':
        book.absences = book.absences.filter((one) => one.id !== edit.absence)
        return '撤销了请假'
      case 'assign':
        this.override(edit.slot, edit.replaces, false)
        return `改派给 ${edit.slot.person}`
      case 'remove_override':
        book.overrides = book.overrides.filter((one) => one.id !== edit.id)
        return '撤销了替班'
      case 'exchange':
        this.override({ ...edit.one, person: edit.other.person }, edit.one.person, false)
        this.override({ ...edit.other, person: edit.one.person }, edit.other.person, false)
        return `${edit.one.person} 与 ${edit.other.person} 换班`
      case 'request_swap':
        this.next += 1
        book.swaps = [...book.swaps, { id: this.next, state: 'requested', give: edit.give, with: edit.with, take: edit.take, why: edit.why, by: this.me().name, at: this.now(), answer: '', can_answer: false, can_withdraw: true }]
        return '申请换班'
      case 'answer_swap': {
        const swap = book.swaps.find((one) => one.id === edit.swap)
        if (swap === undefined) throw fault('没有这个申请')
        book.swaps = book.swaps.map((one) => (one === swap ? { ...one, state: edit.accept ? 'accepted' : 'declined', answer: edit.answer, can_answer: false } : one))
        if (edit.accept) {
          this.override({ ...swap.give, person: swap.with }, swap.give.person, true)
          if (swap.take !== null) this.override({ ...swap.take, person: swap.give.person }, swap.take.person, true)
        }
        return edit.accept ? '同意换班' : '拒绝换班'
      }
      case 'withdraw_swap':
        book.swaps = book.swaps.map((one) => (one.id === edit.swap ? { ...one, state: 'withdrawn' } : one))
        return '撤回换班申请'
      case 'set_weekend':
        this.calendars = this.calendars.map((one) => (one.id === edit.calendar ? { ...one, weekend: edit.weekend } : one))
        return '修改了日历的周末'
      case 'adopt_plan':
        for (const shift of this.planned(edit.plan)) this.override({ rota: edit.plan.rota, role: shift.role, person: shift.person, from: shift.from, until: shift.until }, null, false)
        return `采用排班 ${edit.plan.from} 至 ${edit.plan.until}`
      default:
        return this.write(edit)
    }
  }

  private write(edit: RotaEdit): null {
    const mine = this.me()
    if (edit.edit === 'add_note') {
      this.next += 1
      this.notes = [{ id: this.next, rota: edit.rota, at: this.now(), by: mine.name, text: edit.text, alerts: edit.alerts, tags: edit.tags, mine: true }, ...this.notes]
    } else if (edit.edit === 'alter_note') this.notes = this.notes.map((one) => (one.id === edit.note ? { ...one, text: edit.text, tags: edit.tags } : one))
    else if (edit.edit === 'remove_note') this.notes = this.notes.filter((one) => one.id !== edit.note)
    else if (edit.edit === 'write_handover' && this.handover !== null) this.handover = { ...this.handover, notes: edit.notes }
    else if (edit.edit === 'sign_handover' && this.handover !== null) {
      const signed = { name: mine.name, at: this.now() }
      const given = edit.side === 'giving' ? signed : this.handover.given
      const taken = edit.side === 'taking' ? signed : this.handover.taken
      this.handover = { ...this.handover, given, taken, state: given !== null && taken !== null ? 'signed' : given !== null ? 'given' : 'taken', can_give: given === null, can_take: taken === null }
    }
    return null
  }

  private pack(): HandoverView {
    const now = this.now()
    const at = now - 47 * MINUTE
    const open = (alert: number, title: string, level: 'p1' | 'p2', by: string | null, until: number | null): HandoverView['open'][number] => ({ alert, title, level, since: now - 90 * MINUTE, by, until })
    return {
      id: 51,
      rota: 'ops',
      at,
      due: at + 30 * MINUTE,
      state: 'overdue',
      from: ['王五'],
      to: [this.me().name],
      made_at: at - 60_000,
      open: [open(1001, 'api-03 内存 93%', 'p1', null, null), open(1002, '微信支付成功率 91.2%，低于 95%', 'p1', '王五', now + 25 * MINUTE), open(1003, '主库复制延迟 6.4 秒', 'p2', null, null)],
      open_count: 9,
      lapsing: [open(1002, '微信支付成功率 91.2%，低于 95%', 'p1', '王五', now + 25 * MINUTE)],
      silences: [{ comment: '主库例行维护', by: '李四', until: now + 42 * MINUTE }],
      noisy: [{ name: 'PgReplicationLag', episodes: 14, notices: 22 }, { name: 'HostMemoryHigh', episodes: 9, notices: 11 }],
      records: this.notes.slice(0, 3),
      notes: '支付渠道切到备用，明早 10 点前不要切回。',
      given: { name: '王五', at: at + 4 * MINUTE },
      taken: null,
      can_give: false,
      can_take: true,
    }
  }

  private planned(ask: PlanAsk): ShiftView[] {
    const rota = this.rota(ask.rota)
    if (rota === undefined) throw fault('没有这张值班表')
    const zone = new Zone(rota.zone)
    const shifts = shiftsOf(this.book, rota, instant(ask.from, '00:00', zone), instant(plusDays(ask.until, 1), '00:00', zone)).filter((one) => one.role === 'primary')
    const able = this.book.people.filter((one) => (ask.people.length === 0 ? one.roles.length === 0 || one.roles.includes('primary') : ask.people.includes(one.id)))
    if (able.length === 0) throw fault('没有可排的人')
    const load = new Map(able.map((one) => [one.id, 0]))
    const free = new Map(able.map((one) => [one.id, 0]))
    return shifts.map((shift) => {
      const rested = able.filter((one) => (free.get(one.id) ?? 0) + ask.rest_hours * HOUR <= shift.from)
      const who = (rested.length > 0 ? rested : able).reduce((best, one) => ((load.get(one.id) ?? 0) < (load.get(best.id) ?? 0) ? one : best))
      const kind = dayOf(shift.day ?? ask.from, zone).kind
      load.set(who.id, (load.get(who.id) ?? 0) + ((shift.until - shift.from) / HOUR) * (kind === 'holiday' ? 3 : kind === 'weekend' ? 2 : 1.2))
      free.set(who.id, shift.until)
      return { ...shift, person: who.id, name: who.name, by: 'override' }
    })
  }

  private plan(ask: PlanAsk): PlanView {
    const rota = this.rota(ask.rota) as RotaView
    const zone = new Zone(rota.zone)
    const shifts = this.planned(ask)
    const now = shiftsOf(this.book, rota, instant(ask.from, '00:00', zone), instant(plusDays(ask.until, 1), '00:00', zone)).filter((one) => one.role === 'primary')
    const before = loadsOf(this.book.people, now, zone)
    const after = loadsOf(this.book.people, shifts, zone)
    return { shifts, before, after, spread_before: spreadOf(before), spread_after: spreadOf(after), total_before: spreadOf(before), total_after: spreadOf(after), problems: [], notes: ask.rest_hours > 24 ? [plain('有 3 班凑不足休息时间')] : [] }
  }

  private found(query: NotesQuery): NotesPage {
    const wanted = query.text.toLowerCase().split(/\s+/).filter((one) => one !== '')
    const all = this.notes.filter((one) => (query.rota === null || one.rota === query.rota) && wanted.every((word) => `${one.text} ${one.tags.join(' ')}`.toLowerCase().includes(word)) && (query.before === null || one.id < query.before))
    return { notes: all.slice(0, query.limit), more: all.length > query.limit }
  }

  private take(ask: ImportAsk): ImportView {
    const lines = decoded(ask.content).replace(/^\ufeff/, '').split(/\r?\n/).filter((one) => one !== '')
    const errors: ImportError[] = []
    if (ask.kind === 'people') {
      lines.slice(1).forEach((line, i) => {
        const phone = line.split(',')[2] ?? ''
        if (!/^\+?\d{6,15}$/.test(phone)) errors.push({ line: i + 2, column: 3, what: plain('“%{phone}” 不是电话号码；写成 13800001234', { phone: { kind: 'text', value: phone } }) })
      })
    } else if (ask.kind === 'holidays' && !lines.join('').includes('"days"')) errors.push({ line: 1, column: null, what: plain('不是放假通知（holiday-cn 的 JSON）') })
    if (ask.kind === 'holidays_ical' && ask.target === 'cn') throw fault('cn 是内置的中国法定节假日，只能用放假通知更新')
    if (!ask.dry_run && errors.length === 0) this.revision += 1
    const view = { entries: Math.max(0, lines.length - 1), errors: errors.slice(0, 100), error_count: errors.length, notes: [], calendar: null, preview: null }
    if (errors.length > 0 || ask.kind === 'people') return view
    const preview = ask.dry_run ? { shifts: [], new: [], gone: [] } : null
    if (ask.kind === 'overrides' || ask.kind === 'overrides_ical') {
      const gap: ProblemView = { kind: 'gap', role: 'primary', people: [], from: this.now(), until: this.now() + HOUR, what: plain('替班以后 10-12 没有主值') }
      return { ...view, notes: lines[0]?.includes('加班费') === true ? [plain('没有读这些列：加班费')] : [], preview: preview === null ? null : { ...preview, new: lines.join('').includes('空缺') ? [gap] : [] } }
    }
    const known = this.calendars.find((one) => one.id === ask.target)
    const calendar = known ?? { id: ask.target ?? 'feiertage', name: 'Feiertage' }
    return { ...view, preview, calendar: { id: calendar.id, name: calendar.name }, notes: [plain(known === undefined ? `新建日历“${calendar.name}”，编号 ${calendar.id}` : `并入已有的日历“${calendar.name}”`)] }
  }
}
