/** What people say most often when they take an alert: locale keys. */
export const PHRASES = ['alert.phrase.mine', 'alert.phrase.false_alarm', 'alert.phrase.known', 'alert.phrase.watching'] as const
