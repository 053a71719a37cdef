// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import HTTPTypes
internal import OpenAIBatchJSON
internal import OpenAIBatchSimulator
internal import OpenAIBatchTransport
internal import Testing

struct FaultTests {
  @Test func `requests fail as often as they are told to`() async throws {
    let service = TestService {
      $0.faults = [.failRequest(.listBatches, status: 503, retryAfter: .seconds(7), times: 2)]
    }
    for _ in 0..<2 {
      let reply = try await service.get("/batches")
      #expect(reply.status == 503)
      #expect(reply.headers[.retryAfter] == "7")
      #expect(reply.error?["type"]?.string == "server_error")
    }
    #expect(try await service.get("/files").status == 200)
    #expect(try await service.get("/batches").status == 200)
    #expect(service.simulator.requestCount(of: .listBatches) == 3)
  }

  @Test func `a failed request is not processed`() async throws {
    let service = TestService()
    let file = try await service.input(chatLines(1))
    service.simulator.inject(.failRequest(.createBatch, status: 429, code: "insufficient_quota"))
    let reply = try await service.createBatch(file)
    #expect(reply.status == 429)
    #expect(reply.error?["code"]?.string == "insufficient_quota")
    #expect(try await service.get("/batches").json["data"]?.elements.isEmpty == true)
  }

  @Test func `a lost response is one of a request that was processed`() async throws {
    let service = TestService()
    let file = try await service.input(chatLines(1))
    service.simulator.inject(.loseResponse(of: .createBatch))
    let failure = await #expect(throws: TransportFailure.self) { try await service.createBatch(file) }
    #expect(failure?.kind == .interrupted)
    #expect(failure?.mayHaveReachedServer == true)
    #expect(try await service.get("/batches").json["data"]?.elements.count == 1)
  }

  @Test func `faults strike one after the other`() async throws {
    let service = TestService {
      $0.faults = [.failRequest(.listFiles, status: 500), .failRequest(.listFiles, status: 502)]
    }
    var seen: [Int] = []
    for _ in 0..<3 { seen.append(try await service.get("/files").status) }
    #expect(seen == [500, 502, 200])
  }

  @Test(arguments: [(1000, 599), (-1, 400), (200, 400)])
  func `a status that is none is the nearest one`(status: Int, seen: Int) async throws {
    let service = TestService { $0.faults = [.failRequest(.listFiles, status: status)] }
    #expect(try await service.get("/files").status == seen)
  }

  @Test func `a delayed request waits on the simulator's clock`() async throws {
    let service = TestService { $0.speed = 10 }
    service.simulator.inject(.delay(.listFiles, by: .seconds(50)))
    service.simulator.inject(.failRequest(.listFiles, status: 500))
    async let reply = service.get("/files")
    await service.clock.waitForSleeper()
    service.clock.advance(by: .seconds(5))
    #expect(try await reply.status == 500)
    #expect(try await service.get("/files").status == 200)
  }

  @Test func `content breaks off`() async throws {
    let service = TestService()
    let file = try await service.input(chatLines(10))
    service.simulator.inject(.truncateContent(after: 100))
    let head = HTTPRequest(
      method: .get, scheme: "https", authority: "x", path: "/v1/files/\(file)/content",
      headerFields: [.authorization: "Bearer x"])
    let response = try await service.simulator.transport.send(
      TransportRequest(head: head, operation: "content"))
    #expect(response.head.status == .ok)
    #expect(response.head.headerFields[.contentLength].flatMap { Int($0) } ?? 0 > 100)
    var body = response.takeBody()
    #expect(try await body.next()?.count == 100)
    do throws(TransportFailure) {
      _ = try await body.next()
      Issue.record("the body did not break off")
    } catch {
      #expect(error.kind == .truncated)
    }
    #expect(try await service.get("/files/\(file)/content").status == 200)
  }

  @Test func `rows are lost and delivered twice`() async throws {
    let service = TestService { $0.faults = [.dropRows(2), .duplicateRows(3)] }
    var batch = try await service.run(chatLines(10))
    #expect(batch["request_counts"]?["completed"]?.int == 10)
    let lines = try await service.lines("output_file_id", of: batch)
    #expect(lines.count == 8 + 3)
    #expect(Set(lines.map { $0["custom_id"]?.string }).count == 8)
    batch = try await service.run(chatLines(10))
    #expect(try await service.lines("output_file_id", of: batch).count == 10)
  }

  @Test func `a batch expires early`() async throws {
    let service = TestService { $0.faults = [.expire(afterFraction: 0.3)] }
    let batch = try await service.run(chatLines(10))
    #expect(batch["status"]?.string == "expired")
    #expect(batch["request_counts"]?["completed"]?.int == 3)
    #expect(batch["request_counts"]?["failed"]?.int == 0)
    #expect(try await service.lines("error_file_id", of: batch).count == 7)
  }

  @Test func `a batch fails for a reason outside of its file`() async throws {
    let service = TestService { $0.faults = [.failBatch(code: "billing_hard_limit_reached")] }
    let batch = try await service.run(chatLines(1))
    #expect(batch["status"]?.string == "failed")
    #expect(batch["errors"]?["data"]?[0]?["code"]?.string == "billing_hard_limit_reached")
    #expect(try await service.run(chatLines(1))["status"]?.string == "completed")
  }
}
