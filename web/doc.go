package web

// How a page is made. An area has one file, or a few of one prefix, and registers its routes together at the top:
//
//	func (s *Server) segmentRoutes(r *routes) {
//		r.get("/segments", access.LookAround, s.listSegments)
//		r.post("/segments", access.EditSegments, s.createSegment)
//		r.topic("segment", access.LookAround)
//	}
//
// New calls it; the table in routes_test.go names each of its routes. A handler then reads:
//
//	func (s *Server) createSegment(c echo.Context) error {
//		form := views.Form{Name: c.FormValue("name")}
//		segment, err := s.Segments.Create(ctx(c), actor(c), form.Name)
//		if errs, ok := formErrors(c, err); ok {
//			form.Errors = errs
//			return render(c, http.StatusUnprocessableEntity, views.New(s.page(c, "segments", text(c, "segments.new")), form))
//		}
//		if err != nil {
//			return err
//		}
//		s.flash(c, "success", "segments.saved", "Name", segment.Name)
//		return redirect(c, fmt.Sprintf("/segments/%d", segment.ID))
//	}
//
// The view shows form.Errors.Summary above the form and form.Errors.For("name") beside the field. Errors that are
// returned become pages in showProblem. A live page connects to /events?topic=segment/12 and reads a fragment again on the
// event of that name (hx-trigger="sse:segment/12").
