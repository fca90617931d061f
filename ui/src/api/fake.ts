import type { Call } from './host'
export const fakeCall = (): Call => () => Promise.reject(new Error('not yet'))
