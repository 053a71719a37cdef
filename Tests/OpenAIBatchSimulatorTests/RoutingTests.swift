// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import HTTPTypes
internal import Testing

@testable internal import OpenAIBatchSimulator

struct RoutingTests {
  @Test(arguments: [
    ("POST", "/v1/batches", BatchSimulator.Operation.createBatch, ""),
    ("GET", "/v1/batches?limit=2&after=a%2Fb+c", .listBatches, ""),
    ("GET", "/v1/batches/batch_1", .retrieveBatch, "batch_1"),
    ("GET", "/v1/batches/a%2Fb", .retrieveBatch, "a/b"),
    ("POST", "/v1/batches/batch_1/cancel", .cancelBatch, "batch_1"),
    ("POST", "/v1/files", .uploadFile, ""), ("GET", "/v1/files", .listFiles, ""),
    ("GET", "/v1/files/file-1", .retrieveFile, "file-1"),
    ("DELETE", "/v1/files/file-1", .deleteFile, "file-1"),
    ("GET", "/v1/files/file-1/content", .fileContent, "file-1"),
    ("POST", "/v1/uploads", .createUpload, ""),
    ("POST", "/v1/uploads/upload_1/parts", .addUploadPart, "upload_1"),
    ("POST", "/v1/uploads/upload_1/complete", .completeUpload, "upload_1"),
    ("POST", "/v1/uploads/upload_1/cancel", .cancelUpload, "upload_1"),
  ])
  func `every operation has its route`(
    method: String, path: String, operation: BatchSimulator.Operation, id: String
  ) throws {
    let route = try route(method, path)
    #expect(route.operation == operation)
    #expect(route.id == id)
    if path.contains("after") { #expect(route.query == ["limit": "2", "after": "a/b c"]) }
  }

  @Test(arguments: [
    ("GET", "/", 404), ("GET", "/batches", 404), ("GET", "/v1", 404), ("GET", "/v1/batches/", 404),
    ("GET", "/v2/batches", 404), ("GET", "/v1/batches/a/b/c", 404), ("GET", "/v1/files/a/cancel", 404),
    ("GET", "/v1/batches/%zz", 404), ("GET", "/v1/batches/%ff", 404), ("GET", "/v1/files//content", 404),
    ("PUT", "/v1/batches", 405), ("DELETE", "/v1/batches/a", 405), ("GET", "/v1/batches/a/cancel", 405),
    ("HEAD", "/v1/files", 405), ("GET", "/v1/uploads/upload_1", 404), ("GET", "/v1/uploads", 405),
  ])
  func `anything else is refused`(method: String, path: String, status: Int) throws {
    let error = #expect(throws: ServiceError.self) { try route(method, path) }
    #expect(error?.status == status)
  }

  private func route(_ method: String, _ path: String) throws -> Route {
    let method = try #require(HTTPRequest.Method(rawValue: method))
    return try Route(HTTPRequest(method: method, scheme: nil, authority: nil, path: path))
  }

  @Test(arguments: [
    (nil, ByteRange.whole), ("bytes=0-", .part(0..<10)), ("bytes=3-", .part(3..<10)),
    ("bytes=3-5", .part(3..<6)),
    ("bytes=3-99", .part(3..<10)), ("bytes=-4", .part(6..<10)), ("bytes=-99", .part(0..<10)),
    ("bytes=10-", .unsatisfiable), ("bytes=-0", .unsatisfiable), ("bytes=5-3", .whole), ("bytes=a-", .whole),
    ("bytes=1-2,4-5", .whole), ("items=0-1", .whole), ("bytes=-", .whole),
  ])
  func `ranges of bytes`(header: String?, range: ByteRange) {
    #expect(ByteRange(header: header, of: 10) == range)
  }
}
