/**
 * The counters of Flume's MBeans (flume.md §5.3), under Flume's names in lower camel case, plus bytes. Plain fields:
 * components add to them directly. They count since the component was made.
 */
export class SourceCounters {
  startTime = 0
  stopTime = 0
  eventReceivedCount = 0
  eventAcceptedCount = 0
  appendReceivedCount = 0
  appendAcceptedCount = 0
  appendBatchReceivedCount = 0
  appendBatchAcceptedCount = 0
  openConnectionCount = 0
  eventReadFail = 0
  channelWriteFail = 0
  genericProcessingFail = 0
  /** Bytes of accepted events, Avro form. */
  bytesAccepted = 0
}

export class SinkCounters {
  startTime = 0
  stopTime = 0
  connectionCreatedCount = 0
  connectionClosedCount = 0
  connectionFailedCount = 0
  batchEmptyCount = 0
  batchUnderflowCount = 0
  batchCompleteCount = 0
  eventDrainAttemptCount = 0
  eventDrainSuccessCount = 0
  eventWriteFail = 0
  channelReadFail = 0
  /** Bytes of delivered events, Avro form. */
  bytesDelivered = 0
}

export class ChannelCounters {
  startTime = 0
  stopTime = 0
  eventPutAttemptCount = 0
  eventPutSuccessCount = 0
  eventPutErrorCount = 0
  eventTakeAttemptCount = 0
  eventTakeSuccessCount = 0
  eventTakeErrorCount = 0
}
