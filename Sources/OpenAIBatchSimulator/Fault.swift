// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

extension BatchSimulator {
  /// Something that goes wrong on request, as data.
  ///
  /// Faults of requests strike the next requests of their operation; faults of batches strike the next batch
  /// that is created. Each is used up when it has struck.
  public struct Fault: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
      case request(Operation, RequestFault, times: Int)
      case batch(BatchFault)
    }

    let kind: Kind

    /// The next `times` requests are refused with an error status and are not processed.
    ///
    /// - Parameters:
    ///   - operation: The requests that fail.
    ///   - status: An HTTP status from 400 to 599; what is below or above counts as the nearest of them.
    ///   - code: The `code` of the error body, such as `insufficient_quota`.
    ///   - retryAfter: Sent as `retry-after`, in whole seconds, where given.
    ///   - times: How many requests fail.
    public static func failRequest(
      _ operation: Operation, status: Int, code: String? = nil, retryAfter: Duration? = nil, times: Int = 1
    ) -> Fault {
      let refusal = RequestFault.refuse(
        status: min(max(status, 400), 599), code: code, retryAfter: retryAfter)
      return Fault(kind: .request(operation, refusal, times: times))
    }

    /// The next `times` requests are processed, and then the connection breaks before the response: what the
    /// caller asked for has happened and the caller does not know.
    public static func loseResponse(of operation: Operation, times: Int = 1) -> Fault {
      Fault(kind: .request(operation, .loseResponse, times: times))
    }

    /// The next `times` requests wait before they are processed, in the simulator's own time.
    public static func delay(_ operation: Operation, by duration: Duration, times: Int = 1) -> Fault {
      Fault(kind: .request(operation, .delay(duration), times: times))
    }

    /// The next `times` downloads break off after so many bytes of content.
    public static func truncateContent(after bytes: Int, times: Int = 1) -> Fault {
      Fault(kind: .request(.fileContent, .truncate(after: bytes), times: times))
    }

    /// The next batch loses this many of its rows: counted as completed, and in neither result file.
    public static func dropRows(_ count: Int) -> Fault { Fault(kind: .batch(.dropRows(count))) }

    /// The next batch delivers this many of its rows twice.
    public static func duplicateRows(_ count: Int) -> Fault { Fault(kind: .batch(.duplicateRows(count))) }

    /// The next batch expires when this fraction (0…1) of its rows is done; the others end as `batch_expired`.
    public static func expire(afterFraction fraction: Double) -> Fault {
      Fault(kind: .batch(.expire(afterFraction: fraction)))
    }

    /// The next batch fails in validation for a reason that lies outside its file, such as
    /// `billing_hard_limit_reached`.
    public static func failBatch(code: String, message: String = "The simulator was told to fail.") -> Fault {
      Fault(kind: .batch(.fail(code: code, message: message)))
    }
  }

  /// The calls that the simulator answers.
  public enum Operation: String, Sendable, Hashable, CaseIterable {
    /// `POST /batches`
    case createBatch
    /// `GET /batches/{batch_id}`
    case retrieveBatch
    /// `POST /batches/{batch_id}/cancel`
    case cancelBatch
    /// `GET /batches`
    case listBatches
    /// `POST /files`
    case uploadFile
    /// `GET /files`
    case listFiles
    /// `GET /files/{file_id}`
    case retrieveFile
    /// `DELETE /files/{file_id}`
    case deleteFile
    /// `GET /files/{file_id}/content`
    case fileContent
    /// `POST /uploads`
    case createUpload
    /// `POST /uploads/{upload_id}/parts`
    case addUploadPart
    /// `POST /uploads/{upload_id}/complete`
    case completeUpload
    /// `POST /uploads/{upload_id}/cancel`
    case cancelUpload
  }
}

/// What goes wrong with one request.
enum RequestFault: Sendable, Hashable {
  case refuse(status: Int, code: String?, retryAfter: Duration?)
  case loseResponse
  case delay(Duration)
  case truncate(after: Int)
}

/// What goes wrong with one batch.
enum BatchFault: Sendable, Hashable {
  case dropRows(Int)
  case duplicateRows(Int)
  case expire(afterFraction: Double)
  case fail(code: String, message: String)
}
