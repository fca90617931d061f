/// <reference types="svelte" />
/// <reference types="vite/client" />

declare module 'virtual:locales' {
  const texts: Record<string, Record<string, string>>
  export default texts
}
