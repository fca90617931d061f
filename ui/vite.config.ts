import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
import { locales } from './build/locales.ts'

export default defineConfig({
  plugins: [svelte(), locales()],
  // The page is embedded in the program and opened by its own scheme.
  base: './',
  build: {
    // WebKitGTK 2.50 is the oldest engine that is met.
    target: 'safari17',
    modulePreload: { polyfill: false },
    // The strict policy allows no inline script and no data: font.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  // In tests too the components are those of the browser, not those for rendering on a server.
  ...(process.env.VITEST === undefined ? {} : { resolve: { conditions: ['browser'] } }),
  // The board that is shipped stands outside of ui/; the development host shows it too.
  server: { port: 5173, strictPort: true, fs: { allow: ['..'] } },
  // A busy machine is slow, not wrong: what hangs is found by the minute.
  test: { include: ['src/**/*.test.ts'], environment: 'happy-dom', testTimeout: 60_000, hookTimeout: 60_000 },
})
