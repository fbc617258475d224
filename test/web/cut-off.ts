import type { Page } from 'playwright-core'

/**
 * What the present view shows only in part, in words: a page or a view that is wider than its window, text that is
 * clipped with no way to read the rest, something to press that lies where nobody can get it.
 */
export async function cutOff(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const wrong = new Set<string>()
    const nameOf = (element: Element) =>
      `${element.tagName.toLowerCase()}.${[...element.classList].join('.')} "${element.textContent.trim().slice(0, 60)}"`
    const root = document.documentElement
    if (root.scrollWidth > root.clientWidth) wrong.add(`the page is ${root.scrollWidth - root.clientWidth} px too wide`)
    const view = document.querySelector('.view')
    if (view && view.scrollWidth > view.clientWidth + 1)
      wrong.add(`the view is ${view.scrollWidth - view.clientWidth} px too wide`)
    // A dialog scrolls when it is too high, and never sideways; it lies in the window whole.
    for (const dialog of document.querySelectorAll('[role=dialog], [role=dialog] .content')) {
      const box = dialog.getBoundingClientRect()
      if (dialog.scrollWidth > dialog.clientWidth + 1)
        wrong.add(`the dialog is ${dialog.scrollWidth - dialog.clientWidth} px too wide`)
      if (box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight)
        wrong.add('the dialog reaches out of the window')
    }
    const scrolls = (value: string) => value === 'auto' || value === 'scroll'
    for (const element of document.querySelectorAll<HTMLElement>('body *')) {
      const style = getComputedStyle(element)
      const box = element.getBoundingClientRect()
      if (box.width === 0 || style.visibility === 'hidden' || element.closest('.unseen, .skip')) continue
      // A row of a list says itself by its ellipsis that there is more, which opens beside it.
      const opens = style.textOverflow === 'ellipsis' && element.closest('[role=row]') !== null
      const speaks = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.nodeValue?.trim())
      const clips = speaks && !opens && (style.overflowX === 'hidden' || style.overflowX === 'clip')
      if (clips && element.scrollWidth > element.clientWidth + 1 && !element.title && !element.matches('input, select'))
        wrong.add(`${nameOf(element)} is cut off`)
      // What lies beyond the sides of the window must be in something that scrolls.
      if (!element.matches('a, button, input, select, textarea, h1, h2, p, dd, td')) continue
      let reach = element.parentElement
      while (reach && !scrolls(getComputedStyle(reach).overflowX)) reach = reach.parentElement
      const inScroller = reach !== null && reach.scrollWidth > reach.clientWidth
      if (!inScroller && (box.right > innerWidth + 1 || box.left < -1)) wrong.add(`${nameOf(element)} lies outside`)
    }
    return [...wrong]
  })
}
