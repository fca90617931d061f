/** Parts of the rota's page. */
export type Tab = 'calendar' | 'people' | 'rules' | 'handover' | 'notes' | 'changes'
/** In their order. */
export const TABS: readonly Tab[] = ['calendar', 'people', 'rules', 'handover', 'notes', 'changes']
