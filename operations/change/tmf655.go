package change

// The statuses of a change request in TMF655, Change Management API v4.0.0.
const (
	TMFAcknowledged             = "acknowledged"
	TMFRequestForAuthorization  = "requestForAuthorization"
	TMFWaitForApproval          = "waitForApproval"
	TMFApproved                 = "approved"
	TMFRejected                 = "rejected"
	TMFScheduled                = "scheduled"
	TMFInProgress               = "inProgress"
	TMFFallbackExecution        = "fallbackExecution"
	TMFFailed                   = "failed"
	TMFPostImplementationReview = "postImplementationReview"
	TMFCompleted                = "completed"
	TMFCancelled                = "cancelled"
)

// TMF655 returns the status that the change has in TMF655, Change Management API
// v4.0.0. Each of theirs is told by one of ours: a draft is acknowledged, a submitted
// change asks for authorization, an assessed one waits for approval. A started change
// that is being put back executes its fallback, and so does one that was put back and
// not reviewed; work that was done as planned is reviewed after it, until somebody
// closes it.
func (c *Change) TMF655() string {
	switch c.State {
	case Draft:
		return TMFAcknowledged
	case Submitted:
		return TMFRequestForAuthorization
	case Assessed:
		return TMFWaitForApproval
	case Approved:
		return TMFApproved
	case Rejected:
		return TMFRejected
	case Scheduled:
		return TMFScheduled
	case Started:
		if !c.FellBackAt.IsZero() {
			return TMFFallbackExecution
		}
		return TMFInProgress
	case RolledBack:
		return TMFFallbackExecution
	case Failed:
		return TMFFailed
	case Implemented, Reviewed:
		return TMFPostImplementationReview
	case Closed:
		if c.WentWrong() {
			return TMFFailed
		}
		return TMFCompleted
	case Cancelled:
		return TMFCancelled
	}
	return ""
}
