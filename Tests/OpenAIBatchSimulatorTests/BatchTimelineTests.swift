// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels
internal import Testing

@testable internal import OpenAIBatchSimulator

struct BatchTimelineTests {
  /// Validating 1 s, in progress 10 s, finalizing 1 s, cancelling 2 s; created at 100 s.
  private func timeline(
    rows: Int? = 10, window: Duration = .seconds(3600), expiresAfter fraction: Double? = nil,
    cancelled: Duration? = nil
  ) -> BatchTimeline {
    var timeline = BatchTimeline(
      created: .seconds(100), window: window,
      timings: .init(
        validating: .seconds(1), inProgress: .seconds(10), perFurtherRow: .zero, finalizing: .seconds(1),
        cancelling: .seconds(2)),
      expiresAfterFraction: fraction)
    timeline.plan = rows.map { .accepted(rows: $0) } ?? .refused
    if let cancelled { timeline.cancel(at: cancelled) }
    return timeline
  }

  @Test(arguments: [
    (100.0, BatchStatus.validating, 0), (100.9, .validating, 0), (101, .inProgress, 0), (104, .inProgress, 3),
    (110.99, .inProgress, 9), (111, .finalizing, 10), (111.9, .finalizing, 10), (112, .completed, 10),
    (9999, .completed, 10),
  ])
  func `a batch that succeeds`(seconds: Double, status: BatchStatus, done: Int) {
    let moment = Duration.seconds(seconds)
    #expect(timeline().status(at: moment) == status)
    #expect(timeline().rowsDone(at: moment) == done)
  }

  @Test func `moments are entered one after the other`() {
    let all = timeline().entered(by: .seconds(112))
    #expect(all == .init(inProgress: .seconds(101), finalizing: .seconds(111), completed: .seconds(112)))
    #expect(timeline().entered(by: .seconds(105)) == .init(inProgress: .seconds(101)))
    #expect(timeline().entered(by: .seconds(100)) == .init())
  }

  @Test func `a refused batch fails when its check ends`() {
    let timeline = timeline(rows: nil)
    #expect(timeline.status(at: .seconds(100.5)) == .validating)
    #expect(timeline.status(at: .seconds(101)) == .failed)
    #expect(timeline.entered(by: .seconds(200)) == .init(failed: .seconds(101)))
  }

  @Test func `a batch expires with what is done`() {
    let timeline = timeline(window: .seconds(6))
    #expect(timeline.status(at: .seconds(105.9)) == .inProgress)
    #expect(timeline.status(at: .seconds(106)) == .expired)
    #expect(timeline.rowsDone(at: .seconds(500)) == 5)
    #expect(timeline.entered(by: .seconds(500)) == .init(inProgress: .seconds(101), expired: .seconds(106)))
  }

  @Test func `a batch expires after a fraction when told to`() {
    let timeline = timeline(expiresAfter: 0.3)
    #expect(timeline.end == .seconds(104))
    #expect(timeline.rowsDone(at: .seconds(500)) == 3)
  }

  @Test func `cancelling stops the rows and takes its time`() {
    let timeline = timeline(cancelled: .seconds(105))
    #expect(timeline.status(at: .seconds(104)) == .inProgress)
    #expect(timeline.status(at: .seconds(105)) == .cancelling)
    #expect(timeline.status(at: .seconds(106.9)) == .cancelling)
    #expect(timeline.status(at: .seconds(107)) == .cancelled)
    #expect(timeline.rowsDone(at: .seconds(500)) == 4)
    #expect(
      timeline.entered(by: .seconds(500))
        == .init(inProgress: .seconds(101), cancelling: .seconds(105), cancelled: .seconds(107)))
  }

  @Test func `a batch cancelled while validating never starts`() {
    var timeline = timeline()
    timeline.plan = .open
    timeline.cancel(at: .seconds(100.5))
    #expect(!timeline.needsPlan(at: .seconds(200)))
    #expect(timeline.status(at: .seconds(200)) == .cancelled)
    #expect(timeline.started == nil)
  }

  @Test func `what has ended cannot be cancelled`() {
    let timeline = timeline(cancelled: .seconds(112))
    #expect(timeline.cancelling == nil)
    #expect(timeline.status(at: .seconds(500)) == .completed)
  }

  @Test(arguments: [(1, 2.0), (1_000, 2.0), (50_000, 7.0)])
  func `by default a batch takes about two seconds, and a full one less than ten`(rows: Int, seconds: Double)
  {
    var timeline = BatchTimeline(created: .zero, window: .seconds(86_400), timings: .init())
    timeline.plan = .accepted(rows: rows)
    #expect(abs((timeline.end ?? .zero) / .seconds(1) - seconds) < 0.2)
  }
}
