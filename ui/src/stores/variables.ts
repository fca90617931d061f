import type { VariableView } from '../api/wire'
import { tame } from '../shared/text'

/** What is chosen, in a few words; `all` when nothing is. */
export function chosenText(variable: VariableView, all: string): string {
  const [first, ...rest] = variable.chosen
  if (first === undefined) return all
  return rest.length > 2 ? `${tame(first, 40)} +${rest.length}` : variable.chosen.map((one) => tame(one, 40)).join(', ')
}

/** A text with what is chosen in the places of `$id`; longer ids are looked for first, and what is no variable stays as it is. */
export function withVariables(text: string, variables: readonly VariableView[], all: string): string {
  if (variables.length === 0 || !text.includes('$')) return text
  return text.replace(/\$([a-z_][a-z0-9_]*)/gi, (whole, id: string) => {
    const found = variables.find((one) => one.id === id)
    return found === undefined ? whole : chosenText(found, all)
  })
}
