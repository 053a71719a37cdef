// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import HTTPTypes
internal import OpenAIBatchJSON
internal import OpenAIBatchSimulator
internal import Testing

/// Timings are the defaults: 0.3 s validating, 1.4 s in progress, 0.3 s finalizing, 0.5 s cancelling.
struct BatchLifecycleTests {
  private let service = TestService()

  private func counts(_ batch: JSONValue) -> [Int?] {
    ["total", "completed", "failed"].map { batch["request_counts"]?[$0]?.int }
  }

  @Test func `a batch goes through every state and delivers every row`() async throws {
    let reply = try await service.createBatch(
      service.input(chatLines(10)), more: #","metadata":{"team":"search \"é\""}"#)
    #expect(reply.status == 200)
    var batch = try reply.json
    let id = try #require(batch["id"]?.string)
    #expect(batch["status"]?.string == "validating")
    #expect(batch["object"]?.string == "batch")
    #expect(batch["created_at"]?.int == TestService.start)
    #expect(batch["expires_at"]?.int == TestService.start + 86_400)
    #expect(batch["metadata"]?["team"]?.string == "search \"é\"")
    #expect(counts(batch) == [0, 0, 0])
    for key in [
      "errors", "model", "output_file_id", "error_file_id", "in_progress_at", "completed_at", "failed_at",
    ] {
      #expect(batch[key]?.isNull == true, "\(key)")
    }

    service.clock.advance(by: .milliseconds(1000))
    batch = try await service.retrieve(id)
    #expect(batch["status"]?.string == "in_progress")
    #expect(batch["model"]?.string == "gpt-4o-mini")
    #expect(counts(batch) == [10, 5, 0])
    #expect(batch["output_file_id"]?.isNull == true)

    service.clock.advance(by: .milliseconds(800))
    batch = try await service.retrieve(id)
    #expect(batch["status"]?.string == "finalizing")
    #expect(counts(batch) == [10, 10, 0])
    #expect(batch["finalizing_at"]?.int == TestService.start + 1)
    #expect(batch["output_file_id"]?.isNull == true)

    service.clock.advance(by: .milliseconds(200))
    batch = try await service.retrieve(id)
    #expect(batch["status"]?.string == "completed")
    #expect(batch["completed_at"]?.int == TestService.start + 2)
    #expect(batch["error_file_id"]?.isNull == true)
    #expect(batch["usage"]?["total_tokens"]?.int ?? 0 > 0)

    let lines = try await service.lines("output_file_id", of: batch)
    let ids = lines.compactMap { $0["custom_id"]?.string }
    #expect(Set(ids) == Set((0..<10).map { "row-\($0)" }))
    #expect(ids != ids.sorted())
    let file = try await service.get("/files/\(batch["output_file_id"]?.string ?? "")").json
    #expect(file["purpose"]?.string == "batch_output")
    #expect(file["created_at"]?.int == TestService.start + 2)
    #expect(file["expires_at"]?.int == TestService.start + 2 + 2_592_000)
  }

  @Test func `what is seen does not depend on how often one looks`() async throws {
    let other = TestService()
    let ids = [try await service.batch(of: chatLines(40)), try await other.batch(of: chatLines(40))]
    #expect(ids[0] == ids[1])
    for _ in 0..<200 {
      service.clock.advance(by: .milliseconds(10))
      _ = try await service.retrieve(ids[0])
    }
    other.clock.advance(by: .seconds(2))
    let batches = [try await service.retrieve(ids[0]), try await other.retrieve(ids[1])]
    #expect(batches[0].bytes == batches[1].bytes)
    let lines = [
      try await service.lines("output_file_id", of: batches[0]),
      try await other.lines("output_file_id", of: batches[1]),
    ]
    #expect(lines[0].map { $0["id"]?.string } == lines[1].map { $0["id"]?.string })
  }

  @Test func `a cancelled batch delivers what was finished, and says of the others that they were not`()
    async throws
  {
    let id = try await service.batch(of: chatLines(10))
    service.clock.advance(by: .milliseconds(1000))
    let cancelling = try await service.post("/batches/\(id)/cancel", "")
    #expect(cancelling.status == 200)
    #expect(try cancelling.json["status"]?.string == "cancelling")
    service.clock.advance(by: .milliseconds(499))
    #expect(try await service.post("/batches/\(id)/cancel", "").status == 200)
    #expect(try await service.status(id) == "cancelling")
    service.clock.advance(by: .milliseconds(1))
    let batch = try await service.retrieve(id)
    #expect(batch["status"]?.string == "cancelled")
    #expect(batch["cancelling_at"]?.int == TestService.start + 1)
    #expect(batch["cancelled_at"]?.int == TestService.start + 1)
    #expect(counts(batch) == [10, 5, 0])
    #expect(try await service.lines("output_file_id", of: batch).count == 5)
    let errors = try await service.lines("error_file_id", of: batch)
    #expect(errors.map { $0["error"]?["code"]?.string } == Array(repeating: "batch_cancelled", count: 5))
    #expect(errors.allSatisfy { $0["response"]?.isNull == true })
    #expect(try await service.post("/batches/\(id)/cancel", "").status == 200)
  }

  @Test func `a batch cancelled while validating has no results`() async throws {
    let id = try await service.batch(of: chatLines(10))
    #expect(try await service.post("/batches/\(id)/cancel", "").json["status"]?.string == "cancelling")
    service.clock.advance(by: .seconds(10))
    let batch = try await service.retrieve(id)
    #expect(batch["status"]?.string == "cancelled")
    #expect(counts(batch) == [0, 0, 0])
    #expect(batch["output_file_id"]?.isNull == true)
    #expect(batch["error_file_id"]?.isNull == true)
  }

  @Test func `what has ended cannot be cancelled`() async throws {
    let completed = try await service.batch(of: chatLines(1))
    let failed = try await service.batch(of: "{}\n")
    service.simulator.inject(.expire(afterFraction: 0.5))
    let expired = try await service.batch(of: chatLines(2))
    service.clock.advance(by: .seconds(5))
    for (id, status) in [(completed, "completed"), (failed, "failed"), (expired, "expired")] {
      let reply = try await service.post("/batches/\(id)/cancel", "")
      #expect(reply.status == 409)
      #expect(reply.error?["type"]?.string == "invalid_request_error")
      #expect(reply.error?["code"]?.isNull == true)
      #expect(reply.error?["message"]?.string?.contains(status) == true)
    }
  }

  @Test func `a batch that takes longer than its window expires`() async throws {
    let service = TestService { $0.timings.inProgress = .seconds(2 * 86_400) }
    let id = try await service.batch(of: chatLines(10))
    service.clock.advance(by: .seconds(86_399))
    #expect(try await service.status(id) == "in_progress")
    service.clock.advance(by: .seconds(1))
    let batch = try await service.retrieve(id)
    #expect(batch["status"]?.string == "expired")
    #expect(batch["expired_at"]?.int == batch["expires_at"]?.int)
    #expect(counts(batch) == [10, 4, 0])
    #expect(try await service.lines("output_file_id", of: batch).count == 4)
    let errors = try await service.lines("error_file_id", of: batch)
    #expect(errors.map { $0["error"]?["code"]?.string } == Array(repeating: "batch_expired", count: 6))
  }

  @Test func `time runs as fast as it is told to`() async throws {
    let service = TestService { $0.speed = 100 }
    let id = try await service.batch(of: chatLines(10))
    service.clock.advance(by: .milliseconds(19))
    #expect(try await service.status(id) == "finalizing")
    service.clock.advance(by: .milliseconds(1))
    let batch = try await service.retrieve(id)
    #expect(batch["status"]?.string == "completed")
    #expect(batch["completed_at"]?.int == TestService.start + 2)
  }

  @Test func `a batch keeps the input that it was made of`() async throws {
    let file = try await service.input(chatLines(3))
    let id = try #require(try await service.createBatch(file).json["id"]?.string)
    #expect(try await service.send(.delete, "/files/\(file)").status == 200)
    service.clock.advance(by: .seconds(5))
    #expect(try await service.status(id) == "completed")
  }

  @Test func `everybody who looks at the same time sees the same`() async throws {
    let id = try await service.batch(of: chatLines(500))
    service.clock.advance(by: .seconds(5))
    let service = service
    let seen = try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<20 { group.addTask { try await service.retrieve(id)["output_file_id"]?.string } }
      return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
    }
    #expect(seen.count == 1)
    #expect(try await service.get("/files?purpose=batch_output").json["data"]?.elements.count == 1)
  }

  @Test func `a batch begins as validating, however short that is`() async throws {
    let none = Duration.zero
    let service = TestService {
      $0.timings = .init(
        validating: none, inProgress: none, perFurtherRow: none, finalizing: none, cancelling: none)
    }
    let reply = try await service.createBatch(service.input(chatLines(3))).json
    #expect(reply["status"]?.string == "validating")
    #expect(try await service.status(reply["id"]?.string ?? "") == "completed")
  }
}
