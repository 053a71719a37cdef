// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import HTTPTypes
internal import OpenAIBatchTransport

extension SimulatedService {
  func uploadFile(_ request: TransportRequest) async throws(RequestFailure) -> ServiceReply {
    let id = "file-\(withGenerator { $0.alphanumericID() })"
    let files = files
    var form: UploadForm
    do throws(ServiceError) {
      form = try UploadForm(contentType: request.head.headerFields[.contentType]) { () throws(FileFailure) in
        try files.makeSink(name: id)
      }
    } catch {
      throw .service(error)
    }
    try await read(request.body) { chunk throws(RequestFailure) in
      do throws(ServiceError) {
        try form.take(chunk)
      } catch {
        throw .service(error)
      }
    }
    let upload: UploadForm.Upload
    do throws(ServiceError) {
      upload = try form.finish()
    } catch {
      throw .service(error)
    }
    let createdAt = time.unixSeconds(time.now)
    let entry = FileStore.Entry(
      id: id, filename: upload.filename, purpose: upload.purpose, createdAt: createdAt,
      expiresAt: upload.lifetime.map { createdAt + $0 }, content: upload.content)
    files.add(entry)
    return ServiceReply(entry.json)
  }

  func listFiles(_ route: Route) async throws(RequestFailure) -> ServiceReply {
    let now = time.now
    // Result files appear with the end of their batch, whether somebody looked at the batch or not.
    for record in allBatches { _ = await record.run(at: now) }
    let order = route.query["order"] ?? "desc"
    let limit: Int
    do throws(ServiceError) {
      limit = try route.integer("limit", in: 1...10_000, default: 10_000)
      guard ["asc", "desc"].contains(order) else {
        throw ServiceError.invalidValue("order", order, supported: ["asc", "desc"])
      }
    } catch {
      throw .service(error)
    }
    let cursor = route.query["after"]
    let page = files.page(
      after: cursor, limit: limit, newestFirst: order == "desc", purpose: route.query["purpose"],
      at: time.unixSeconds(now))
    guard let page else { throw .service(.unknownCursor(cursor ?? "")) }
    return .list(page.items.map(\.value.json), ids: page.items.map(\.id), hasMore: page.hasMore)
  }

  func retrieveFile(_ id: String) throws(RequestFailure) -> ServiceReply {
    ServiceReply(try file(id).json)
  }

  func deleteFile(_ id: String) throws(RequestFailure) -> ServiceReply {
    _ = try file(id)
    files.remove(id)
    return ServiceReply(["object": "file", "deleted": true, "id": .string(id)])
  }

  func fileContent(_ id: String, range: String?) throws(RequestFailure) -> ServiceReply {
    let content = try file(id).content
    let reader: StoredFileReader
    do throws(FileFailure) {
      reader = try content.open()
    } catch {
      throw .disk(error)
    }
    var reply: ServiceReply
    switch ByteRange(header: range, of: content.byteCount) {
    case .whole:
      reply = ServiceReply(reader, 0..<content.byteCount)
    case .part(let part):
      reply = ServiceReply(reader, part)
      reply.status = 206
      reply.headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(content.byteCount)"
    case .unsatisfiable:
      throw .service(
        ServiceError(
          status: 416, message: "The range lies outside of the file.",
          headers: [.contentRange: "bytes */\(content.byteCount)"]))
    }
    reply.headers[.contentType] = "application/octet-stream"
    reply.headers[.acceptRanges] = "bytes"
    return reply
  }

  private func file(_ id: String) throws(RequestFailure) -> FileStore.Entry {
    guard let entry = files.file(id, at: time.unixSeconds(time.now)) else { throw .service(.noFile(id)) }
    return entry
  }
}
