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
  server: { port: 5173, strictPort: true },
  test: { include: ['src/**/*.test.ts'], environment: 'happy-dom' },
})
