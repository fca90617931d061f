/**
 * Must be imported before everything else.
 *
 * Under `LANG=C` WebKitGTK reports the language "C", which `Intl` refuses; uPlot asks for it while it is being imported and
 * the page would stay blank. The wall formats with explicit locales, so any valid tag will do here.
 */
export function usableLanguage(reported: string | undefined): string | null {
  try {
    new Intl.NumberFormat(reported)
    return null
  } catch {
    return 'zh-CN'
  }
}

const replacement = usableLanguage(navigator.language)
if (replacement !== null) {
  Object.defineProperty(navigator, 'language', { get: () => replacement, configurable: true })
  Object.defineProperty(navigator, 'languages', { get: () => [replacement], configurable: true })
}
