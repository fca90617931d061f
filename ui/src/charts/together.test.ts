import { describe, expect, it, vi } from 'vitest'
import { together } from './together'

const settled = (): Promise<void> => new Promise((done) => setTimeout(done))

describe('what is done together', () => {
  it('reads everything before it changes anything, once', async () => {
    const done: string[] = []
    for (const one of ['a', 'b']) {
      together(() => {
        done.push(`read ${one}`)
        return () => void done.push(`write ${one}`)
      })
    }
    together(() => null)
    expect(done).toEqual([])
    await settled()
    expect(done).toEqual(['read a', 'read b', 'write a', 'write b'])
  })

  it('goes on when one fails, and what is asked for meanwhile comes after', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const done: string[] = []
    together(() => {
      throw new Error('no size')
    })
    together(() => () => {
      together(() => () => void done.push('later'))
      throw new Error('no chart')
    })
    together(() => () => void done.push('other'))
    await settled()
    expect(done).toEqual(['other', 'later'])
    expect(said).toHaveBeenCalledTimes(2)
    said.mockRestore()
  })
})
