import { z } from 'zod'
import { defineInterceptor } from '../component/definition.ts'
import { flag, text } from '../component/settings.ts'
import { FixedHeaderInterceptor } from './fixed-header.ts'

export const staticInterceptor = defineInterceptor({
  type: 'static',
  aliases: ['org.apache.flume.interceptor.StaticInterceptor$Builder'],
  summary: 'Sets one header to a fixed value.',
  settings: z.object({
    key: text().default('key').describe('The header that is set.'),
    value: text().default('value').describe('Its value.'),
    preserveExisting: flag().default(true).describe('Whether a value that is already there is kept.'),
  }),
  create: (settings) => new FixedHeaderInterceptor(settings.key, settings.value, settings.preserveExisting),
})
