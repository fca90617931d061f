import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { load } from '../../build/locales'
import { GROUPINGS, ORDERS, TABS } from '../features/alerts/question'
import { TABS as ROTA_TABS } from '../features/rota/tabs'
import { fill, t } from './index.svelte'

const texts = load()
const sources = (readdirSync(join(process.cwd(), 'src'), { recursive: true }) as string[])
  .filter((name) => /\.(ts|svelte)$/.test(name) && !/\.test\.ts$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(process.cwd(), 'src', name), 'utf8') }))

const placeholders = (text: string): string[] => [...text.matchAll(/%\{(\w+)\}/g)].map((m) => m[1] as string).sort()

describe('texts', () => {
  it('are the same keys in both languages', () => {
    expect(Object.keys(texts.en ?? {}).sort()).toEqual(Object.keys(texts['zh-CN'] ?? {}).sort())
  })

  it('have the same placeholders in both languages', () => {
    for (const [key, text] of Object.entries(texts['zh-CN'] ?? {})) {
      expect(placeholders(texts.en?.[key] ?? ''), key).toEqual(placeholders(text))
    }
  })

  it('exist for every key that the page names', () => {
    const missing = sources.flatMap(({ name, text }) =>
      [...text.matchAll(/\bt\(\s*'([^']+)'/g), ...text.matchAll(/'((?:ui|desk|alert|pocket|takeover|figures|timeline|rota_page)\.[a-z0-9_]+(?:\.[a-z0-9_]+)*)'/g)]
        .map((m) => m[1] as string)
        .filter((key) => texts['zh-CN']?.[key] === undefined)
        .map((key) => `${name}: ${key}`),
    )
    expect(missing).toEqual([])
  })

  it('exist for every family whose last part is a value', () => {
    const families: Record<string, string[]> = {
      severity: ['normal', 'warning', 'critical', 'emergency'],
      'ui.verdict': ['warning', 'critical', 'emergency', 'unknown'],
      'ui.source_health': ['unknown', 'ok', 'degraded', 'failed'],
      'ui.secrets': ['keyring', 'vault', 'none'],
      'alert.level_name': ['P0', 'P1', 'P2', 'P3'],
      'alert.notice_state': ['waiting', 'sending', 'sent', 'failed', 'dropped'],
      'alert.stage': ['source', 'level', 'policy', 'quiet', 'step', 'notice', 'you'],
      'alert.sight': ['firing', 'suppressed', 'resolved'],
      'alert.source_kind': ['alertmanager', 'prometheus', 'rules', 'webhook'],
      'desk.tab': [...TABS],
      'desk.group': [...GROUPINGS],
      'desk.order': [...ORDERS],
      'desk.nav': ['alerts', 'rota', 'mutes', 'history', 'figures', 'wall', 'pocket', 'health'],
      'desk.toast': ['ack', 'unack', 'assign', 'snooze', 'resolve', 'comment', 'mute', 'maintenance', 'unmute', 'hush', 'unhush', 'me'],
      'rota_page.tab': [...ROTA_TABS],
      'rota_page.role': ['primary', 'secondary', 'manager'],
      'rota_page.weekday': [1, 2, 3, 4, 5, 6, 7].map((day) => `d${day}`),
      'rota_page.day_kind': ['workday', 'weekend', 'holiday'],
      'rota_page.kind': ['gap', 'double', 'absent', 'several', 'unknown'],
      'rota_page.spans': ['month', 'week'],
      'rota_page.swap_state': ['requested', 'accepted', 'declined', 'withdrawn'],
      'rota_page.place': ['assign', 'exchange', 'swap'],
      'rota_page.said': ['assign', 'exchange', 'request_swap', 'sign_giving', 'sign_taking'],
      'rota_page.member': ['phone', 'email', 'dingtalk', 'wecom'],
      'rota_page.import.kinds': ['people', 'overrides', 'overrides_ical', 'holidays', 'holidays_ical'],
      'rota_page.import.about': ['people', 'overrides', 'overrides_ical', 'holidays', 'holidays_ical'],
      'rota_page.rule.rotations': ['turns', 'weekdays'],
      'rota_page.rule.cadences': ['days', 'weeks', 'shifts', 'cycle'],
      'rota_page.handover': ['giving', 'taking', 'sign_giving', 'sign_taking'],
      'rota_page.handover.state': ['coming', 'open', 'given', 'taken', 'signed', 'overdue'],
      'pocket.tab': ['alerts', 'wall', 'duty', 'me'],
    }
    for (const [family, values] of Object.entries(families)) {
      for (const value of values) expect(texts['zh-CN']?.[`${family}.${value}`], `${family}.${value}`).toBeTypeOf('string')
    }
  })

  it('name no two values of a label alike: a table joins its rows by name', () => {
    for (const [language, all] of Object.entries(texts)) {
      const seen = new Map<string, string>()
      for (const [key, word] of Object.entries(all)) {
        const label = /^ui\.value\.([^.]+)\./.exec(key)?.[1]
        if (label === undefined) continue
        expect(seen.get(`${label}/${word}`), `${language}: ${key}`).toBeUndefined()
        seen.set(`${label}/${word}`, key)
      }
    }
  })

  it('exist for every error code of the wire', () => {
    const wire = readFileSync(join(process.cwd(), 'src/api/wire.ts'), 'utf8')
    const codes = [...(/type ErrorCode = ([^;]+);/.exec(wire)?.[1] ?? '').matchAll(/"(\w+)"/g)].map((m) => m[1] as string)
    expect(codes.length).toBeGreaterThan(10)
    for (const code of codes) expect(texts['zh-CN']?.[`error.${code}`], code).toBeTypeOf('string')
  })

  it('fills placeholders as text and leaves unknown ones visible', () => {
    expect(fill('%{a} of %{b}', { a: '<b>' })).toBe('<b> of %{b}')
    expect(t('no.such.key')).toBe('no.such.key')
  })
})
