import { z } from 'zod'
import { BatchBuilder } from '../event/batch-builder.ts'
import { SluiceError } from '../errors.ts'
import * as define from './definition.ts'
import * as settings from './settings.ts'

/**
 * What a user's own component is given, so that its file needs no import but of types and can lie anywhere:
 * `export const definition = ({ defineSource, z, text, BatchBuilder }: Toolkit) => defineSource({ … })`.
 */
export const toolkit = {
  z,
  BatchBuilder,
  SluiceError,
  defineSource: define.defineSource,
  defineChannel: define.defineChannel,
  defineSink: define.defineSink,
  defineInterceptor: define.defineInterceptor,
  defineSelector: define.defineSelector,
  defineProcessor: define.defineProcessor,
  defineSerializer: define.defineSerializer,
  text: settings.text,
  flag: settings.flag,
  whole: settings.whole,
  port: settings.port,
  choice: settings.choice,
  words: settings.words,
  commas: settings.commas,
  secret: settings.secret,
  named: settings.named,
} as const
export type Toolkit = typeof toolkit
