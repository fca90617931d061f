import { HOSTILE } from './fake-alerts'
import { instant, type FakeBook } from './fake-rota-duty'
import { plusDays } from '../features/rota/dates'
import { Zone } from '../shared/time'
import type { LayerView, MemberView, NoteView, RotaView } from './wire'

const HOUR = 3_600_000
const LONG = '欧阳长风（华东一区数据库与中间件平台组驻场，工作日 10 点后到岗）'

const member = (id: string, name: string, roles: string[], teams: string[], phone = ''): MemberView => ({
  id,
  name,
  phone: phone === '' ? '' : `${phone.slice(0, 3)}****${phone.slice(-4)}`,
  email: phone === '' ? '' : `${id.slice(0, 1)}***@example.cn`,
  dingtalk: phone === '' ? '' : `${id.slice(0, 2)}***`,
  wecom: '',
  zone: id === 'sunba' ? 'Europe/Berlin' : null,
  roles,
  teams,
})

const PHONES: Record<string, string> = { lisi: '13812341234', wangwu: '13900008888', zhaoliu: '13700002468', qianqi: '13600001357', sunba: '+4915112345678', zhangsan: '13500009999' }

const layer = (id: number, name: string, role: string, over: Partial<LayerView>, people: string[], weeks: boolean): LayerView => ({
  id,
  name,
  role,
  priority: id,
  kinds: [],
  weekdays: [],
  from: '09:00',
  to: '09:00',
  rotation: { kind: 'turns', turns: people.map((one) => [one]), cadence: weeks ? { every: 'weeks', weeks: 1, weekday: 1 } : { every: 'shifts', shifts: 1 } },
  handoff: null,
  first_day: '2026-01-05',
  last_day: null,
  zone: null,
  calendar: null,
  ...over,
})

/** The four shifts of the handbook. */
export function handbook(id: string, name: string, people: string[], managers: string[], zone = 'Asia/Shanghai'): RotaView {
  const later = [...people.slice(1), ...people.slice(0, 1)]
  const second = people.length > 5 ? people.slice(4) : people.slice(-2)
  const first = people.length > 5 ? people.slice(0, 4) : people
  return {
    id,
    name,
    zone,
    calendar: 'cn',
    layers: [
      layer(1, '工作日白班', 'primary', { kinds: ['workday'], to: '18:00' }, first, true),
      layer(2, '工作日夜班', 'primary', { kinds: ['workday'], from: '18:00' }, people.length > 5 ? first : later, false),
      layer(3, '周末 24 小时', 'primary', { kinds: ['weekend'] }, first, false),
      layer(4, '节假日 24 小时', 'primary', { kinds: ['holiday'] }, first, false),
      layer(5, '备值（按周）', 'secondary', {}, second, true),
      layer(6, '主管', 'manager', {}, managers, true),
    ],
    required: ['primary', 'secondary'],
    grace_minutes: 30,
  }
}

/** People, rotas and decisions of the development host, as of October 2026 and of today. */
export function fakeBook(now: number, zone: string): FakeBook {
  const people = [
    member('lisi', '李四', [], ['平台'], PHONES.lisi),
    member('wangwu', '王五', [], ['平台'], PHONES.wangwu),
    member('zhaoliu', '赵六', [], ['支付'], PHONES.zhaoliu),
    member('qianqi', '钱七', ['primary', 'secondary'], ['支付'], PHONES.qianqi),
    member('sunba', '孙八', ['secondary'], ['海外'], PHONES.sunba),
    member('ouyang', LONG, ['secondary'], ['数据库'], ''),
    member('mallory', HOSTILE, ['secondary'], [HOSTILE], ''),
    member('zhangsan', '张三', ['manager'], ['平台'], PHONES.zhangsan),
  ]
  const main = handbook('ops', '平台值班', ['lisi', 'wangwu', 'zhaoliu', 'qianqi', 'sunba', 'ouyang', 'mallory'], ['zhangsan'], zone)
  const pay = handbook('pay', '支付专线', ['zhaoliu', 'qianqi'], ['zhangsan'], zone)
  const clock = new Zone(zone)
  const at = (day: string, time: string): number => instant(day, time, clock)
  const today = clock.date(now)
  const rota = 'ops'
  return {
    rotas: [main, pay],
    people,
    contacts: Object.fromEntries(people.map((one) => [one.id, { phone: PHONES[one.id] ?? '', email: one.email === '' ? '' : `${one.id}@example.cn`, dingtalk: one.dingtalk === '' ? '' : `${one.id}_dd`, wecom: '' }])),
    absences: [
      { id: 1, person: 'zhaoliu', from: at('2026-10-14', '09:00'), until: at('2026-10-16', '09:00'), stand_in: null, why: '婚假' },
      { id: 2, person: 'wangwu', from: at('2026-10-21', '09:00'), until: at('2026-10-24', '09:00'), stand_in: 'qianqi', why: '出差' },
      { id: 3, person: 'qianqi', from: at(plusDays(today, 2), '09:00'), until: at(plusDays(today, 4), '09:00'), stand_in: null, why: '体检' },
    ],
    overrides: [
      { id: 11, slot: { rota, role: 'primary', person: 'zhaoliu', from: at('2026-10-02', '09:00'), until: at('2026-10-03', '09:00') }, replaces: null, swap: false },
      { id: 12, slot: { rota, role: 'primary', person: 'qianqi', from: at('2026-10-28', '18:00'), until: at('2026-10-29', '09:00') }, replaces: null, swap: true },
      { id: 13, slot: { rota, role: 'primary', person: 'lisi', from: at(today, '09:00') - 24 * HOUR, until: at(today, '09:00') + 24 * HOUR }, replaces: null, swap: false },
    ],
    swaps: [
      {
        id: 21,
        state: 'requested',
        give: { rota, role: 'primary', person: 'wangwu', from: at(plusDays(today, 5), '18:00'), until: at(plusDays(today, 6), '09:00') },
        with: 'lisi',
        take: { rota, role: 'primary', person: 'lisi', from: at(plusDays(today, 8), '18:00'), until: at(plusDays(today, 9), '09:00') },
        why: `孩子家长会，${HOSTILE}`,
        by: '王五',
        at: now - 3 * HOUR,
        answer: '',
        can_answer: true,
        can_withdraw: false,
      },
      { id: 22, state: 'declined', give: { rota, role: 'primary', person: 'lisi', from: at('2026-10-05', '09:00'), until: at('2026-10-06', '09:00') }, with: 'zhaoliu', take: null, why: '回老家', by: '李四', at: now - 60 * HOUR, answer: '我也在外地', can_answer: false, can_withdraw: false },
    ],
  }
}

/** Notes of the duty record, newest first. */
export const fakeNotes = (now: number): NoteView[] =>
  [
    ['李四', '支付回调延迟已恢复，根因是网关连接池耗尽，临时扩到 200。', [1001], ['支付', '网关'], true],
    ['王五', '巡检：备份任务正常，pg-replica-2 延迟 6 秒，继续观察。', [1003], ['巡检'], false],
    ['赵六', `客户反馈截图：${HOSTILE}`, [], ['客户'], false],
    ['李四', '夜间 02:10 core-sw-1 上联抖动 3 次，已联系运营商，工单 88213。', [], ['网络', '运营商'], true],
    ['王五', `${'长记录：'.padEnd(6)}${'订单服务在华东一区写入主库连续失败，已切到备用通道，等待数据库组确认。'.repeat(6)}`, [1002], [], false],
  ].map(([by, text, alerts, tags, mine], i) => ({ id: 90 - i, rota: 'ops', at: now - (i * 5 + 1) * 0.7 * HOUR, by: by as string, text: text as string, alerts: alerts as number[], tags: tags as string[], mine: mine as boolean }))
