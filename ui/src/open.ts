import { mount } from 'svelte'
import type { Host } from './api/host'
import { windowOf } from './window'

const VIEWS = {
  desk: () => import('./views/Desk.svelte'),
  pocket: () => import('./views/Pocket.svelte'),
  takeover: () => import('./views/Takeover.svelte'),
}

/**
 * Shows this window's page, which the address names. Each window loads what it shows: a wall that runs for months does not hold the pages
 * of the desk in its memory.
 */
export async function open(host: Host, target: HTMLElement): Promise<Record<string, unknown>> {
  const kind = windowOf(location.hash)
  document.documentElement.dataset.window = kind
  if (kind === 'wall') {
    const { default: WallApp } = await import('./views/WallApp.svelte')
    return mount(WallApp, { target, props: { host } })
  }
  const [{ default: DeskApp }, { default: View }] = await Promise.all([import('./views/DeskApp.svelte'), VIEWS[kind]()])
  return mount(DeskApp, { target, props: { host, kind, View } })
}
