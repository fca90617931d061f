import { describe, expect, it } from 'vitest'
import { added, changed, emptyBoard, forKind, newQuery, type EditBoard } from './edit'
import { freeName, given, givenText, listed, markAdded, marksOf, panelRenamed, partChanged, partRemoved, variableAdded, variableRenamed, variablesOf, wholeNumber } from './parts'

function board(): EditBoard {
  const made = added(emptyBoard('x', 't'), 'gauge', '$host 与 $hostname')
  const queries = [newQuery({ queries: [] }, 'up{instance=~"$host",name=~"$hostname"} > ${host}')]
  return { ...changed(made.board, 'gauge', { queries }), variables: [{ id: 'host', label: null, query: 'label_values(up, instance)', values: [], multi: true, default: [] }], marks: [{ id: 'm', kind: 'note', expr: 'x{a=~"$host"}', legend: null }] }
}

describe('variables', () => {
  it('are renamed where they are used, and nowhere else', () => {
    const next = variableRenamed(board(), 0, 'machine')
    expect(variablesOf(next)[0]?.id).toBe('machine')
    expect(next.panels[0]?.title).toBe('$machine 与 $hostname')
    expect(next.panels[0]?.queries[0]?.expr).toBe('up{instance=~"$machine",name=~"$hostname"} > ${host}')
    expect(marksOf(next)[0]?.expr).toBe('x{a=~"$machine"}')
  })

  it('under a name that is taken or none change no query', () => {
    const two = variableAdded(board())
    expect(variablesOf(two).map((one) => one.id)).toEqual(['host', 'host_2'])
    for (const name of ['host', '', 'a b', '主机']) {
      const next = variableRenamed(two, 1, name)
      expect(variablesOf(next)[1]?.id).toBe(name)
      expect(next.panels).toBe(two.panels)
    }
    expect(variableRenamed(two, 0, 'host')).toBe(two)
    expect(variableRenamed(two, 9, 'x')).toBe(two)
  })
})

it('a panel keeps an id of its own', () => {
  const two = added(board(), 'gauge', 't').board
  expect(panelRenamed(two, 'gauge', 'gauge_2')).toBe(two)
  expect(panelRenamed(two, 'gauge', '')).toBe(two)
  expect(panelRenamed(two, 'gauge', 'cpu').panels.map((panel) => panel.id)).toEqual(['cpu', 'gauge_2'])
})

it('a kind gets what makes it one, once', () => {
  const [panel] = board().panels
  expect(panel).toBeDefined()
  const slo = { ...panel!, ...forKind(panel!, 'slo') }
  expect(slo).toMatchObject({ kind: 'slo', slo: { objective: 99.9, days: 30 } })
  const own = { ...slo, slo: { objective: 95, days: 7 } }
  expect(forKind(own, 'slo')).toEqual({ kind: 'slo' })
  expect(added(board(), 'log_stream', 't').board.panels[1]?.queries).toEqual([])
})

it('lists are changed without changing the old ones', () => {
  const all = [{ id: 'a' }, { id: 'b' }]
  expect(partChanged(all, 1, { id: 'c' })).toEqual([{ id: 'a' }, { id: 'c' }])
  expect(partRemoved(all, 0)).toEqual([{ id: 'b' }])
  expect(all).toEqual([{ id: 'a' }, { id: 'b' }])
  expect(freeName(all, 'a')).toBe('a_2')
  expect(marksOf(markAdded(board())).map((mark) => mark.id)).toEqual(['m', 'started'])
})

describe('fields', () => {
  it('read lists as people write them', () => {
    expect(listed(' a, b ，， c ')).toEqual(['a', 'b', 'c'])
    expect(given('host=$instance, os = linux，all')).toEqual({ host: '$instance', os: 'linux', all: '' })
    expect(given(givenText({ host: '$instance', os: '' }))).toEqual({ host: '$instance', os: '' })
  })

  it('read whole numbers that the model can hold', () => {
    expect(wholeNumber('', 1)).toBeNull()
    expect(wholeNumber('abc', 1)).toBeNull()
    expect(wholeNumber('-3', 0)).toBe(0)
    expect(wholeNumber('1e99', 0)).toBe(4_294_967_295)
    expect(wholeNumber('59.6', 1)).toBe(60)
  })
})
