import type { WebContents } from 'electron'

const within = 30_000

/** For an installed app, which no test driver can attach to: 0 when the page comes to show the flow. */
export async function smokeTest(page: () => WebContents | undefined): Promise<number> {
  const deadline = performance.now() + within
  let seen: unknown = 'no window'
  while (performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 250))
    const open = page()
    if (open === undefined || open.isLoading()) continue
    seen = await open
      .executeJavaScript("[...document.querySelectorAll('h1')].map((one) => one.textContent.trim()).join()")
      .catch((error: unknown) => String(error))
    if (seen !== 'Flow') continue
    process.stdout.write('smoke: the window shows the flow\n')
    return 0
  }
  process.stdout.write(`smoke: the window does not show the flow but: ${String(seen)}\n`)
  return 1
}
